// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../../types/ClaimId.sol";
import {Root} from "../../types/Root.sol";
import {Cuts} from "../Cuts.sol";
import {IGame} from "../IGame.sol";
import {Descriptor} from "../referee/Descriptor.sol";
import {Geometry, TensorType} from "../referee/Geometry.sol";
import {Openings} from "../referee/Openings.sol";
import {Draws} from "./Draws.sol";
import {IRules} from "./IRules.sol";

/// @title The way from a span of steps down to one leaf.
/// @dev Every check here is against a root in the position, so what passes is what the claimant or the challenger has
/// committed to, whoever sends it.
abstract contract Walk is IRules {
    /// @dev A program's root is that of [descriptors, constants, layouts]: two levels.
    uint256 private constant PARTS_DEPTH = 2;
    uint256 private constant LAYOUTS = 2;

    /// @inheritdoc IRules
    function answerMarks(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes32[] calldata marks,
        uint256 part,
        bytes32 finish,
        IGame.Trace calldata trace
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.MARKS);
        bytes32 hash = keccak256(abi.encodePacked(marks));
        require(hash == position.marks, MarksMismatch(hash, position.marks));
        (uint32 parts, uint32 length) = Cuts.parts(position.end - position.first);
        require(part < parts, NoSuchPart(part, parts));
        bool isLast = part + 1 == parts;
        bytes32 end = isLast ? position.finish : marks[part];
        // INVARIANT: the sides differ in where the part ends: the challenger's end is its mark, or not the claim's.
        require(isLast == (finish == end), WrongFinish(finish, end));

        IGame.Position memory next = position;
        next.first = position.first + uint32(part) * length;
        if (!isLast) next.end = next.first + length;
        if (part != 0) next.start = marks[part - 1];
        next.finish = finish;
        next.marks = bytes32(0);
        next.stage = IGame.Stage.MARK;
        if (next.end - next.first == 1) _enterTrace(next, trace);
        outcome.next = next;
    }

    /// @inheritdoc IRules
    function mark(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes32[] calldata marks
    ) external pure returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.MARK);
        outcome.next = position;
        _setMarks(outcome.next, marks);
    }

    /// @inheritdoc IRules
    function answerTrace(
        ClaimId,
        address,
        IGame.Position calldata position,
        IGame.Trace calldata trace
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.INVOKE);
        outcome.next = position;
        _enterTrace(outcome.next, trace);
    }

    /// @inheritdoc IRules
    function split(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes32[] calldata children
    ) external view returns (Outcome memory outcome) {
        bool isTensor = position.stage == IGame.Stage.CHUNKS;
        if (!isTensor) _requireStage(position, IGame.Stage.NODES);
        _requireChildren(position.subtree, position.height, children);

        outcome.next = position;
        outcome.next.stage = isTensor ? IGame.Stage.CHOOSE_CHUNKS : IGame.Stage.CHOOSE_NODES;
    }

    /// @inheritdoc IRules
    function pick(
        ClaimId,
        address,
        IGame.Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings
    ) external view returns (Outcome memory outcome) {
        bool isTensor = position.stage == IGame.Stage.CHOOSE_CHUNKS;
        if (!isTensor) _requireStage(position, IGame.Stage.CHOOSE_NODES);
        IGame.Position memory next = _descend(position, child, root, siblings);
        // A node is picked with its descriptor.
        require(isTensor || next.height != 0, WrongHeight(next.height));

        next.stage = isTensor ? IGame.Stage.CHUNKS : IGame.Stage.NODES;
        if (next.height == 0) {
            if (next.index >= next.places) return _padding(root);
            next.stage = IGame.Stage.LEAF;
        }
        outcome.next = next;
    }

    /// @inheritdoc IRules
    function pickNode(
        ClaimId,
        address,
        IGame.Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings,
        bytes calldata descriptor,
        bytes32[] calldata descriptorProof
    ) external view returns (Outcome memory outcome) {
        bool isDrawn = position.stage == IGame.Stage.CHOOSE_LEAF;
        if (!isDrawn) _requireStage(position, IGame.Stage.CHOOSE_NODES);
        IGame.Position memory next = _descend(position, child, root, siblings);
        require(next.height == 0, WrongHeight(next.height));
        uint256 place = isDrawn ? Draws.place(next.second, child, next.places) : next.index;
        // INVARIANT: the descriptor is the one of this place in the program; padding has none.
        bool isPadding = descriptor.length == 0;
        bytes32 leaf = isPadding ? Openings.EMPTY : Openings.hashLeaf(descriptor);
        uint256 depth = PARTS_DEPTH + Geometry.depthOf(next.places);
        _requireUnder(Root.unwrap(next.program), leaf, place, descriptorProof, depth);
        if (isPadding) return _padding(root);

        // Programs are those that every client has rebuilt: their tensors fit.
        uint256 leaves = Geometry.leavesOf(Descriptor.typeOf(descriptor)).count;
        next.node = uint32(place);
        next.descriptor = leaf;
        outcome.next = next;
        if (isDrawn) {
            next.stage = IGame.Stage.DRAWN;
            next.index = uint64(Draws.leaf(next.second, child, leaves));
            return outcome;
        }
        next.stage = IGame.Stage.TENSOR;
        next.places = uint64(leaves);
        next.height = uint8(Geometry.depthOf(leaves));
        next.index = 0;
    }

    /// @inheritdoc IRules
    function openTensor(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes32 tree,
        bytes32[] calldata children
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.TENSOR);
        TensorType memory tensorType = _typeOf(position, descriptor);
        bytes32 tensor = Openings.tensorRoot(tensorType.dtype, tensorType.extents, tree);
        // INVARIANT: a result has the type and shape of its descriptor, or cannot be shown.
        require(tensor == position.subtree, NotUnderRoot(tensor, position.subtree));
        _requireChildren(tree, position.height, children);

        outcome.next = position;
        outcome.next.stage = IGame.Stage.CHOOSE_CHUNKS;
        outcome.next.subtree = tree;
    }

    /// @inheritdoc IRules
    function openLeaf(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes calldata data
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.LEAF);
        uint256 length = Geometry.lengthOf(Geometry.leavesOf(_typeOf(position, descriptor)), position.index);
        // INVARIANT: a leaf is as long as its place says, or cannot be shown.
        require(data.length == length, WrongLeafLength(data.length, length));
        _requireLeaf(position, data);

        outcome.next = position;
        outcome.next.stage = IGame.Stage.PROVE;
    }

    /// @inheritdoc IRules
    function openDrawn(
        ClaimId,
        address,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes32[] calldata leafProof,
        bytes32[] calldata nodeProof
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.DRAWN);
        TensorType memory tensorType = _typeOf(position, descriptor);
        uint256 depth = Geometry.depthOf(Geometry.leavesOf(tensorType).count);
        // INVARIANT: what is listed is the hash of a leaf, and not of a node above it.
        require(leafProof.length == depth, WrongProofLength(leafProof.length, depth));
        bytes32 tree = Openings.rootOf(position.subtree, position.index, leafProof);
        bytes32 tensor = Openings.tensorRoot(tensorType.dtype, tensorType.extents, tree);
        // INVARIANT: the listed leaf is the drawn one of the claimed trace, or cannot be shown.
        _requireUnder(position.trace, tensor, position.node, nodeProof, Geometry.depthOf(position.places));

        outcome.ending = Ending.UPHELD;
        outcome.reason = "leaves";
    }

    function _requireStage(IGame.Position calldata position, IGame.Stage stage) internal pure {
        // INVARIANT: a move answers the demand that was made.
        require(position.stage == stage, WrongStage(position.stage, stage));
    }

    /// @dev The next stage of a span that the sides dispute, which is not empty.
    function _setMarks(IGame.Position memory next, bytes32[] calldata marks) internal pure {
        uint32 steps = next.end - next.first;
        (uint32 parts, ) = Cuts.parts(steps);
        // INVARIANT: every mark has its place in the span.
        require(marks.length + 1 == parts, WrongMarks(marks.length, parts - 1));

        next.stage = steps == 1 ? IGame.Stage.INVOKE : IGame.Stage.MARKS;
        if (steps != 1) next.marks = keccak256(abi.encodePacked(marks));
    }

    /// @dev Of the chosen node's result, by the descriptor that was chosen with it.
    function _typeOf(
        IGame.Position calldata position,
        bytes calldata descriptor
    ) internal view returns (TensorType memory) {
        bytes32 leaf = Openings.hashLeaf(descriptor);
        require(leaf == position.descriptor, NotTheDescriptor(leaf, position.descriptor));
        return Descriptor.typeOf(descriptor);
    }

    function _requireLeaf(IGame.Position calldata position, bytes calldata data) internal view {
        bytes32 leaf = Openings.hashLeaf(data);
        require(leaf == position.subtree, NotUnderRoot(leaf, position.subtree));
    }

    function _requireUnder(
        bytes32 root,
        bytes32 node,
        uint256 index,
        bytes32[] calldata siblings,
        uint256 depth
    ) internal view {
        // INVARIANT: a node lies on the level that it is said to lie on.
        require(siblings.length == depth, WrongProofLength(siblings.length, depth));
        bytes32 found = Openings.rootOf(node, index, siblings);
        require(found == root, NotUnderRoot(found, root));
    }

    /// @dev The first levels of the trace of the one invocation that is left.
    function _enterTrace(IGame.Position memory next, IGame.Trace calldata trace) private view {
        _requireHeader(next.program, trace);
        uint256 height = Geometry.depthOf(trace.nodes);
        bool isLeaves = next.subject == IGame.Subject.LEAVES;
        if (isLeaves || next.subject == IGame.Subject.TRACE) {
            // INVARIANT: a verdict names its trace; there is no other.
            require(trace.root == next.trace, TraceNotClaimed(trace.root, next.trace));
        } else {
            // INVARIANT: the trace computes what is claimed: an honest trace defends no other output.
            // Of a token, only the first is claimed.
            bool isToken = next.subject == IGame.Subject.TOKEN;
            uint256 outputs = isToken ? 0 : Geometry.depthOf(trace.nodes - trace.outputStart);
            uint256 index = trace.outputStart >> outputs;
            _requireUnder(trace.root, next.finish, index, trace.outputProof, height - outputs);
        }
        next.stage = isLeaves ? IGame.Stage.CHOOSE_LEAF : IGame.Stage.CHOOSE_NODES;
        next.trace = trace.root;
        next.places = trace.nodes;
        next.subtree = isLeaves ? next.finish : trace.root;
        next.height = isLeaves ? Draws.DEPTH : uint8(height);
        _requireChildren(next.subtree, next.height, trace.children);
    }

    /// @dev The header is the leftmost leaf of the layouts: its own, those of the inputs, that of the output.
    function _requireHeader(Root program, IGame.Trace calldata trace) private view {
        bytes32 header = Openings.hash(
            abi.encodePacked(uint8(0), uint32(16), trace.nodes, trace.outputStart, trace.constants, trace.inputs)
        );
        uint256 depth = Geometry.depthOf(uint256(trace.inputs) + 2);
        _requireUnder(Root.unwrap(program), header, LAYOUTS << depth, trace.headerProof, PARTS_DEPTH + depth);
    }

    function _requireChildren(bytes32 subtree, uint8 height, bytes32[] calldata children) private view {
        uint256 count = uint256(1) << Cuts.levels(height);
        require(children.length == count, WrongChildren(children.length, count));
        bytes32 root = Openings.rootOfChildren(children);
        // INVARIANT: what is opened is what was committed to.
        require(root == subtree, NotUnderRoot(root, subtree));
    }

    /// @dev The position in the child.
    function _descend(
        IGame.Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings
    ) private view returns (IGame.Position memory next) {
        uint8 levels = Cuts.levels(position.height);
        // INVARIANT: a pick is one of the opened children.
        require(child >> levels == 0, NoSuchChild(child, uint256(1) << levels));
        _requireUnder(position.subtree, root, child, siblings, levels);

        next = position;
        next.subtree = root;
        next.height = position.height - levels;
        next.index = (position.index << levels) | uint64(child);
    }

    /// @dev INVARIANT: padding is EMPTY, and naming padding that is EMPTY is losing.
    function _padding(bytes32 root) private pure returns (Outcome memory outcome) {
        outcome.ending = root == Openings.EMPTY ? Ending.UPHELD : Ending.VOIDED;
        outcome.reason = "padding";
    }
}
