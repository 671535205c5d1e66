// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../../types/Root.sol";

/// @title The referee: one element of one node, recomputed.
/// @notice Stateless. Given a descriptor, the roots that both sides agree on, and openings of the operands, it computes
/// what the element must be, bit for bit as the reference evaluator in engine/ops does. It knows nothing of claims or
/// games. An opening that does not lead to its root reverts; nothing about an honest opening can.
interface IReferee {
    /// @notice The roots under which operands are opened.
    /// @param program the program root: constants lie under it
    /// @param trace the trace root: the results of earlier nodes lie under it
    /// @param inputs for operand i the root of the state it is read from; zero for operands of another kind
    /// @param dataset root of the dataset, for `load_batch`
    /// @param seed of the round, for `load_batch`
    /// @param participant owner of the seat, for `load_batch`
    /// @param step inner step within the round, for `load_batch`
    struct Context {
        Root program;
        bytes32 trace;
        bytes32[] inputs;
        Root dataset;
        bytes32 seed;
        address participant;
        uint32 step;
    }

    /// @notice One leaf of a tensor's tree, or of a dataset's. Siblings from the bottom up.
    struct Leaf {
        bytes data;
        bytes32[] siblings;
    }

    /// @notice An operand: its tensor root's preimage, the path from there to the root that holds it, and the leaves
    /// that cover what the operator reads of it, in ascending order without a gap. An operand that this element does not
    /// read has no leaves.
    struct Operand {
        uint8 dtype;
        uint32[] extents;
        bytes32 tree;
        bytes32[] siblings;
        Leaf[] leaves;
    }

    /// @notice The dataset root's preimage and one leaf of the training tokens.
    struct Tokens {
        uint32 vocabulary;
        uint64 trainTokens;
        uint64 heldOutTokens;
        bytes32 trainRoot;
        bytes32 heldOutRoot;
        Leaf leaf;
    }

    /// @notice Everything one final check is given. `tokens` is empty but for `load_batch`.
    struct Evidence {
        Operand[] operands;
        Tokens tokens;
    }

    /// @notice What the element must be.
    /// @param fault the operator has no result here, or an operand is not of the type that it needs: whoever claims one
    /// is wrong
    /// @param bits the value: binary32, or the integer in two's complement, in 32 bits
    struct Finding {
        bool fault;
        uint32 bits;
    }

    /// @notice A descriptor has 96 bytes.
    error DescriptorInvalid();
    error UnknownOpcode(uint16 opcode);
    /// @notice Another number of operands, or of roots for them, than the descriptor has.
    error WrongOperands(uint256 given, uint256 expected);
    /// @notice An operand's tensor does not lie where the descriptor says.
    error OperandNotUnderRoot(uint256 operand);
    /// @notice Another number of leaves of an operand than hold what is read of it.
    error WrongLeaves(uint256 operand, uint256 given, uint256 expected);
    /// @notice A leaf does not lie under its tensor's root where what is read lies, or is not as long.
    error LeafNotUnderRoot(uint256 operand, uint256 leaf);
    /// @notice The tokens do not lie under the dataset's root where the batch is read.
    error TokensNotUnderRoot();
    error ElementOutOfRange(uint256 element, uint256 elements);
    /// @notice The sha256 precompile failed: not enough gas was given.
    error HashFailed();

    /// @notice Recomputes element `element` (row-major) of the node's result.
    function evaluate(
        bytes calldata descriptor,
        uint256 element,
        Context calldata context,
        Evidence calldata evidence
    ) external view returns (Finding memory);
}
