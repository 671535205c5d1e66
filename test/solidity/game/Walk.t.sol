// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {Trees} from "../lib/Trees.sol";
import {vm} from "../lib/Vm.sol";

/// @dev From the trace down to one element. A stranger is member 3: it has stake, and no side.
contract GameWalkTest is GameFixture {
    uint256 private constant STRANGER = 3;

    function challenger() private pure returns (address) {
        return ownerOf(CHALLENGER);
    }

    function expectNotUnder(bytes32 given, bytes32 expected) private {
        vm.expectRevert(abi.encodeWithSelector(IRules.NotUnderRoot.selector, given, expected));
    }

    function expectNotYours(uint256 mover, uint256 side) private {
        vm.expectRevert(abi.encodeWithSelector(IGame.NotYourMove.selector, ownerOf(mover), ownerOf(side)));
    }

    function expectWrongStage(IGame.Stage stage, IGame.Stage expected) private {
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongStage.selector, stage, expected));
    }

    // ------------------------------------------------------------------------------------------------- the whole way

    function test_wrongElement_voidsTheClaim() public {
        IGame.Position memory position = toProve();
        IReferee.Context memory context;
        context.program = program;
        context.trace = trace.root;
        context.inputs = new bytes32[](2);
        context.inputs[0] = Root.unwrap(GENESIS);
        context.inputs[1] = finish;
        referee.expect(descriptor, leafIndex() * 256 + 7, context);
        referee.find(false, 0x40000001);
        proveBy(CHALLENGER, position, 7);
        expectEnd(true, "element");
    }

    function test_rightElement_losesTheChallenge() public {
        IGame.Position memory position = toProve();
        referee.find(false, 0x40000000);
        proveBy(CHALLENGER, position, 7);
        expectEnd(false, "element");
    }

    function test_elementWithoutAResult_voidsTheClaim() public {
        IGame.Position memory position = toProve();
        referee.find(true, 0x40000000);
        proveBy(CHALLENGER, position, 7);
        expectEnd(true, "fault");
    }

    function test_game_takesTwelveMovesBetweenNineAndNineLevels() public {
        toProve();
        require(play.gameOf(work, challenger()).moves == 11);
    }

    // ------------------------------------------------------------------------------------------------------- guards

    function test_anyMove_onAnotherPosition_reverts() public {
        IGame.Position memory position = toNodes();
        bytes32 stands = keccak256(abi.encode(position));
        position.index += 1;
        vm.expectRevert(
            abi.encodeWithSelector(IGame.PositionMismatch.selector, keccak256(abi.encode(position)), stands)
        );
        play.split(work, challenger(), position, lowNodes);
        position.index -= 1;
        // Nor on the game of another challenger, which does not exist.
        vm.expectRevert(abi.encodeWithSelector(IGame.PositionMismatch.selector, stands, bytes32(0)));
        play.split(work, ownerOf(STRANGER), position, lowNodes);
        splitBy(CLAIMANT, position, lowNodes);
    }

    function test_eachMove_inAnotherStage_reverts() public {
        IGame.Position memory position = toChooseNodes();
        IGame.Stage stage = IGame.Stage.CHOOSE_NODES;
        bytes32[] memory none = new bytes32[](0);
        expectWrongStage(stage, IGame.Stage.NODES);
        play.split(work, challenger(), position, none);
        expectWrongStage(stage, IGame.Stage.TENSOR);
        play.openTensor(work, challenger(), position, descriptor, tree, none);
        expectWrongStage(stage, IGame.Stage.LEAF);
        play.openLeaf(work, challenger(), position, descriptor, leafData);
        expectWrongStage(stage, IGame.Stage.INVOKE);
        vm.prank(nodeOf(CLAIMANT));
        play.answerTrace(work, challenger(), position, trace);
        expectWrongStage(stage, IGame.Stage.MARKS);
        vm.prank(nodeOf(CLAIMANT));
        play.answerMarks(work, challenger(), position, none, 0, finish, trace);
        expectWrongStage(stage, IGame.Stage.MARK);
        vm.prank(nodeOf(CHALLENGER));
        play.mark(work, challenger(), position, none);
        IReferee.Evidence memory evidence;
        RunPrograms memory p = programs();
        IGame.Source[] memory sources = new IGame.Source[](0);
        expectWrongStage(stage, IGame.Stage.PROVE);
        vm.prank(nodeOf(CHALLENGER));
        play.prove(work, challenger(), position, descriptor, leafData, 0, evidence, sources, p);

        position = pickBy(CHALLENGER, position, high(NODE), trace.children);
        expectWrongStage(IGame.Stage.NODES, IGame.Stage.CHOOSE_NODES);
        vm.prank(nodeOf(CHALLENGER));
        play.pick(work, challenger(), position, 0, finish, none);
        expectWrongStage(IGame.Stage.NODES, IGame.Stage.CHOOSE_NODES);
        vm.prank(nodeOf(CHALLENGER));
        play.pickNode(work, challenger(), position, 0, finish, none, descriptor, none);
        IRuns.Commitment memory c = commitment();
        expectWrongStage(IGame.Stage.NODES, IGame.Stage.START);
        play.answerStart(work, challenger(), position, c, 0, 0, c, 0, p);
    }

    function test_split_ofOtherRoots_orAnotherNumber_reverts() public {
        IGame.Position memory position = toNodes();
        bytes32[] memory other = lowNodes;
        bytes32 honest = other[3];
        other[3] = "other";
        expectNotUnder(Trees.fold(other), position.subtree);
        play.split(work, challenger(), position, other);
        other[3] = honest;
        bytes32[] memory half = new bytes32[](8);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongChildren.selector, 8, 16));
        play.split(work, challenger(), position, half);
        position = splitBy(STRANGER, position, other);
        require(position.stage == IGame.Stage.CHOOSE_NODES && position.height == 4 && position.index == high(NODE));
    }

    function test_pick_ofNoChild_orAnotherRoot_reverts() public {
        IGame.Position memory position = toChooseNodes();
        bytes32[] memory siblings = Trees.siblings(trace.children, 31);
        bytes32 root = trace.children[31];
        vm.prank(nodeOf(CHALLENGER));
        vm.expectRevert(abi.encodeWithSelector(IRules.NoSuchChild.selector, 32, 32));
        play.pick(work, challenger(), position, 32, root, siblings);
        expectNotUnder(Trees.climb("other", 31, siblings), position.subtree);
        vm.prank(nodeOf(CHALLENGER));
        play.pick(work, challenger(), position, 31, "other", siblings);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 4, 5));
        vm.prank(nodeOf(CHALLENGER));
        play.pick(work, challenger(), position, 31, root, new bytes32[](4));
        position = pickBy(CHALLENGER, position, 31, trace.children);
        require(position.index == 31 && position.height == 4 && position.subtree == root);
    }

    function test_pickAndPickNode_haveTheirOwnHeights() public {
        IGame.Position memory position = toChooseNodes();
        bytes32[] memory siblings = Trees.siblings(trace.children, 2);
        bytes32 root = trace.children[2];
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongHeight.selector, 4));
        vm.prank(nodeOf(CHALLENGER));
        play.pickNode(work, challenger(), position, 2, root, siblings, descriptor, descriptorProof);
        position = splitBy(CLAIMANT, pickBy(CHALLENGER, position, 2, trace.children), lowNodes);
        siblings = Trees.siblings(lowNodes, 5);
        root = lowNodes[5];
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongHeight.selector, 0));
        vm.prank(nodeOf(CHALLENGER));
        play.pick(work, challenger(), position, 5, root, siblings);
        pickNodeBy(CHALLENGER, position);
    }

    function test_pickNode_withAnotherDescriptor_orNone_reverts() public {
        IGame.Position memory position = toLowNodes();
        bytes32[] memory siblings = Trees.siblings(lowNodes, low(NODE));
        bytes memory other = descriptor;
        other[60] = 0x03;
        expectNotUnder(Trees.climb(Trees.leaf(other), NODE, descriptorProof), Root.unwrap(program));
        vm.prank(nodeOf(CHALLENGER));
        play.pickNode(work, challenger(), position, low(NODE), lowNodes[low(NODE)], siblings, other, descriptorProof);
        expectNotUnder(Trees.climb(Trees.EMPTY, NODE, descriptorProof), Root.unwrap(program));
        vm.prank(nodeOf(CHALLENGER));
        play.pickNode(work, challenger(), position, low(NODE), lowNodes[low(NODE)], siblings, "", descriptorProof);
        bytes32[] memory long = new bytes32[](12);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 12, 11));
        vm.prank(nodeOf(CHALLENGER));
        play.pickNode(work, challenger(), position, low(NODE), lowNodes[low(NODE)], siblings, descriptor, long);
        position = pickNodeBy(CHALLENGER, position);
        require(position.stage == IGame.Stage.TENSOR && position.node == NODE && position.places == 300);
        require(position.height == 9 && position.index == 0 && position.descriptor == Trees.leaf(descriptor));
    }

    function test_openTensor_withAnotherDescriptor_orTree_reverts() public {
        IGame.Position memory position = toTensor();
        bytes memory other = descriptor;
        other[8] = 0x01;
        vm.expectRevert(
            abi.encodeWithSelector(IRules.NotTheDescriptor.selector, Trees.leaf(other), position.descriptor)
        );
        play.openTensor(work, challenger(), position, other, tree, highChunks);
        bytes memory typeAndShape = abi.encodePacked(uint8(1), uint8(2), uint32(300), uint32(256));
        expectNotUnder(Trees.tensor(typeAndShape, "other"), position.subtree);
        play.openTensor(work, challenger(), position, descriptor, "other", highChunks);
        expectNotUnder(Trees.fold(trace.children), tree);
        play.openTensor(work, challenger(), position, descriptor, tree, trace.children);
        by(STRANGER);
        play.openTensor(work, challenger(), position, descriptor, tree, highChunks);
        position = moved();
        require(position.stage == IGame.Stage.CHOOSE_CHUNKS && position.subtree == tree && position.height == 9);
    }

    function test_openLeaf_ofAnotherLength_orOtherBytes_reverts() public {
        IGame.Position memory position = toLeaf();
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongLeafLength.selector, 1023, 1024));
        play.openLeaf(work, challenger(), position, descriptor, new bytes(1023));
        expectNotUnder(Trees.leaf(new bytes(1024)), position.subtree);
        play.openLeaf(work, challenger(), position, descriptor, new bytes(1024));
        by(STRANGER);
        play.openLeaf(work, challenger(), position, descriptor, leafData);
        position = moved();
        require(position.stage == IGame.Stage.PROVE && position.index == leafIndex());
    }

    function test_prove_ofAnElementPastTheLeaf_reverts() public {
        IGame.Position memory position = toProve();
        vm.expectRevert(abi.encodeWithSelector(IRules.NoSuchElement.selector, 256, 256));
        this.proveAs(CHALLENGER, position, 256);
        proveBy(CHALLENGER, position, 255);
        expectEnd(true, "element");
    }

    function test_prove_ofAnotherLeaf_orDescriptor_reverts() public {
        IGame.Position memory position = toProve();
        IReferee.Evidence memory evidence;
        IGame.Source[] memory sources = new IGame.Source[](0);
        RunPrograms memory p = programs();
        expectNotUnder(Trees.leaf(new bytes(1024)), position.subtree);
        vm.prank(nodeOf(CHALLENGER));
        play.prove(work, challenger(), position, descriptor, new bytes(1024), 0, evidence, sources, p);
        bytes memory other = descriptor;
        other[1] = 0x01;
        vm.expectRevert(
            abi.encodeWithSelector(IRules.NotTheDescriptor.selector, Trees.leaf(other), position.descriptor)
        );
        vm.prank(nodeOf(CHALLENGER));
        play.prove(work, challenger(), position, other, leafData, 0, evidence, sources, p);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongSources.selector, 1, 0));
        vm.prank(nodeOf(CHALLENGER));
        play.prove(work, challenger(), position, descriptor, leafData, 0, evidence, new IGame.Source[](1), p);
    }

    function test_prove_withLittleGas_revertsAndDecidesNothing() public {
        IGame.Position memory position = toProve();
        referee.find(false, 0x40000000);
        IReferee.Evidence memory evidence;
        RunPrograms memory p = programs();
        IGame.Source[] memory sources = new IGame.Source[](0);
        vm.expectPartialRevert(IRules.NotEnoughGas.selector);
        vm.prank(nodeOf(CHALLENGER));
        play.prove{gas: 660_000}(work, challenger(), position, descriptor, leafData, 0, evidence, sources, p);
        require(play.gameOf(work, challenger()).position == keccak256(abi.encode(position)));
        vm.prank(nodeOf(CHALLENGER));
        play.prove{gas: 720_000}(work, challenger(), position, descriptor, leafData, 0, evidence, sources, p);
        require(claims.isVoided(work) == false);
    }

    function test_movesThatBind_byAnyoneElse_revert() public {
        IGame.Position memory position = toInvoke();
        expectNotYours(STRANGER, CLAIMANT);
        this.traceAs(STRANGER, position);
        expectNotYours(CHALLENGER, CLAIMANT);
        this.traceAs(CHALLENGER, position);
        position = traceBy(CLAIMANT, CHALLENGER, position);
        expectNotYours(CLAIMANT, CHALLENGER);
        this.pickAs(CLAIMANT, position, 2);
        expectNotYours(STRANGER, CHALLENGER);
        this.pickAs(STRANGER, position, 2);
        position = splitBy(CLAIMANT, pickBy(CHALLENGER, position, 2, trace.children), lowNodes);
        expectNotYours(STRANGER, CHALLENGER);
        this.pickNodeAs(STRANGER, position);
        position = pickNodeBy(CHALLENGER, position);
        by(CLAIMANT);
        play.openTensor(work, challenger(), position, descriptor, tree, highChunks);
        position = splitBy(CLAIMANT, pickBy(CHALLENGER, moved(), high(leafIndex()), highChunks), lowChunks);
        position = pickBy(CHALLENGER, position, low(leafIndex()), lowChunks);
        by(CLAIMANT);
        play.openLeaf(work, challenger(), position, descriptor, leafData);
        position = moved();
        expectNotYours(STRANGER, CHALLENGER);
        this.proveAs(STRANGER, position, 0);
    }

    /// @dev External, so that a revert expected before is that of the move, not of what it needs.
    function traceAs(uint256 member, IGame.Position calldata position) external {
        traceBy(member, CHALLENGER, position);
    }

    function pickAs(uint256 member, IGame.Position calldata position, uint256 child) external {
        pickBy(member, position, child, trace.children);
    }

    function pickNodeAs(uint256 member, IGame.Position calldata position) external {
        pickNodeBy(member, position);
    }

    function proveAs(uint256 member, IGame.Position calldata position, uint256 element) external {
        proveBy(member, position, element);
    }
}

/// @dev What cannot be an element: the claimant's leaf holds it in places 1, 2, 3 and 4.
contract GameEncodingTest is GameFixture {
    function leafContent() internal pure override returns (bytes memory data) {
        data = new bytes(1024);
        (data[7], data[6]) = (0x7f, 0xc0); // NaN
        (data[11], data[10]) = (0xff, 0x80); // minus infinity
        data[15] = 0x80; // -0
        (data[19], data[18], data[17], data[16]) = (0x7f, 0x7f, 0xff, 0xff); // the largest number
    }

    function prove(uint256 element) private {
        referee.find(false, 0x7f7fffff);
        proveBy(CHALLENGER, toProve(), element);
    }

    function test_notANumber_voidsTheClaim() public {
        prove(1);
        expectEnd(true, "encoding");
    }

    function test_infinity_voidsTheClaim() public {
        prove(2);
        expectEnd(true, "encoding");
    }

    function test_minusZero_voidsTheClaim() public {
        prove(3);
        expectEnd(true, "encoding");
    }

    function test_largestNumber_isForTheReferee() public {
        prove(4);
        expectEnd(false, "element");
    }
}

/// @dev The same place in the trace is padding; the claimant has something there.
abstract contract GameNodePadding is GameFixture {
    function descriptorContent() internal pure override returns (bytes memory) {
        return "";
    }
}

contract GameNodePaddingTest is GameNodePadding {
    function nodeRoot() internal pure override returns (bytes32) {
        return Trees.noise(9);
    }

    function test_paddingOfTheTrace_thatIsNotEmpty_voidsTheClaim() public {
        pickNodeBy(CHALLENGER, toLowNodes());
        expectEnd(true, "padding");
        require(play.owedTo(ownerOf(CHALLENGER)) == FEE);
    }
}

contract GameEmptyNodeTest is GameNodePadding {
    function nodeRoot() internal pure override returns (bytes32) {
        return Trees.EMPTY;
    }

    function test_paddingOfTheTrace_thatIsEmpty_losesTheChallenge() public {
        pickNodeBy(CHALLENGER, toLowNodes());
        expectEnd(false, "padding");
        require(play.owedTo(ownerOf(CHALLENGER)) == FEE);
    }
}

/// @dev A real node for which the claimant has committed to nothing that can be opened.
contract GameWithheldNodeTest is GameFixture {
    function nodeRoot() internal pure override returns (bytes32) {
        return Trees.EMPTY;
    }

    function test_nodeWithoutATensor_cannotBeShown_andLosesByTime() public {
        IGame.Position memory position = toTensor();
        bytes memory typeAndShape = abi.encodePacked(uint8(1), uint8(2), uint32(300), uint32(256));
        vm.expectRevert(
            abi.encodeWithSelector(IRules.NotUnderRoot.selector, Trees.tensor(typeAndShape, tree), Trees.EMPTY)
        );
        play.openTensor(work, ownerOf(CHALLENGER), position, descriptor, tree, highChunks);
        pass(CLOCK);
        vm.recordLogs();
        play.timeOut(work, ownerOf(CHALLENGER), position);
        expectEnd(true, "clock");
    }
}

/// @dev The tensor of the node has another shape than the descriptor's.
contract GameWrongShapeTest is GameFixture {
    function nodeRoot() internal view override returns (bytes32) {
        return Trees.tensor(abi.encodePacked(uint8(1), uint8(2), uint32(256), uint32(300)), tree);
    }

    function test_tensorOfAnotherShape_cannotBeShown() public {
        IGame.Position memory position = toTensor();
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.openTensor(work, ownerOf(CHALLENGER), position, descriptor, tree, highChunks);
    }
}

/// @dev Leaf 300 is the first after the tensor's.
abstract contract GameLeafPadding is GameFixture {
    function leafIndex() internal pure virtual override returns (uint256) {
        return 300;
    }
}

contract GameLeafPaddingTest is GameLeafPadding {
    function test_paddingOfATensor_thatIsNotEmpty_voidsTheClaim() public {
        toLeaf();
        expectEnd(true, "padding");
    }
}

contract GameEmptyLeafTest is GameLeafPadding {
    function leafRoot() internal pure override returns (bytes32) {
        return Trees.EMPTY;
    }

    function test_paddingOfATensor_thatIsEmpty_losesTheChallenge() public {
        toLeaf();
        expectEnd(false, "padding");
    }
}

contract GameLastLeafTest is GameLeafPadding {
    function leafIndex() internal pure override returns (uint256) {
        return 299;
    }

    function test_lastLeafOfATensor_isToBeShown() public {
        require(toLeaf().stage == IGame.Stage.LEAF);
    }
}
