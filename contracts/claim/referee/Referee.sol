// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Batches} from "./Batches.sol";
import {Descriptor, Node} from "./Descriptor.sol";
import {Elementwise} from "./Elementwise.sol";
import {Fused} from "./Fused.sol";
import {Geometry, MAX_RANK} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Movement} from "./Movement.sol";
import {BROADCAST, CONCAT, FUSED, GATHER, LOAD_BATCH, MATMUL_NT, ONE_HOT} from "./Opcodes.sol";
import {REDUCE_ABSMAX, REDUCE_MAX, RESHAPE, SLICE, SUM_I32} from "./Opcodes.sol";
import {PACK_CHUNK, SCATTER_CHUNK, SORT_LANES, TOPK_CHUNK} from "./Opcodes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Products} from "./Products.sol";
import {Reductions} from "./Reductions.sol";
import {Scalars} from "./Scalars.sol";
import {Updates} from "./Updates.sol";

/// @title The referee
/// @dev No loop runs longer than a static bound: 6 axes, 4 operands, 2,048 elements of a contraction, 1,024 of a row, and
/// the siblings and leaves that the caller brings.
contract Referee is IReferee {
    /// @inheritdoc IReferee
    function evaluate(
        bytes calldata descriptor,
        uint256 element,
        Context calldata context,
        Evidence calldata evidence
    ) external view returns (Finding memory) {
        Node memory node = Descriptor.decode(descriptor);
        uint256 elements = Geometry.elements(node.result.extents);
        // INVARIANT: the result has this element
        if (element >= elements) revert ElementOutOfRange(element, elements);
        uint256 count = node.opcode == FUSED ? node.operands.length : _operandsOf(node.opcode);
        // INVARIANT: the operator takes as many operands as the node has
        if (node.operands.length != count) revert DescriptorInvalid();
        // INVARIANT: each operand is opened once, and has a root
        if (evidence.operands.length != count) revert WrongOperands(evidence.operands.length, count);
        if (context.inputs.length != count) revert WrongOperands(context.inputs.length, count);

        Opened[] memory operands = new Opened[](count);
        bool haveRanks = true;
        for (uint256 i = 0; i < count; i++) {
            operands[i] = Operands.open(i, node.operands[i], context, evidence.operands[i]);
            haveRanks = haveRanks && operands[i].tensor.extents.length <= MAX_RANK;
        }
        if (!haveRanks) return Finding({fault: true, bits: 0});
        return _dispatch(node, element, operands, context, evidence);
    }

    function _dispatch(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        Context calldata context,
        Evidence calldata evidence
    ) private view returns (Finding memory) {
        uint16 opcode = node.opcode;
        if (Scalars.arity(opcode) != 0) return Elementwise.evaluate(node, element, operands, evidence.operands);
        if (opcode == FUSED) return Fused.evaluate(node, element, operands, evidence.operands);
        if (opcode == MATMUL_NT) return Products.matmulNt(node, element, operands, evidence.operands);
        if (opcode == CONCAT) return Movement.concat(node, element, operands, evidence.operands);
        if (opcode == GATHER) return Movement.gather(node, element, operands, evidence.operands);
        if (opcode == LOAD_BATCH) return Batches.loadBatch(node, element, context, evidence.tokens);
        if (opcode == PACK_CHUNK) return Updates.packChunk(node, element, operands, evidence.operands);
        if (opcode == SCATTER_CHUNK) return Updates.scatterChunk(node, element, operands, evidence.operands);
        Leaf[] calldata leaves = evidence.operands[0].leaves;
        if (opcode == REDUCE_MAX) return Reductions.reduceMax(node, element, operands[0], leaves);
        if (opcode == REDUCE_ABSMAX) return Reductions.reduceAbsmax(node, element, operands[0], leaves);
        if (opcode == SUM_I32) return Reductions.sumI32(node, element, operands[0], leaves);
        if (opcode == ONE_HOT) return Movement.oneHot(node, element, operands[0], leaves);
        if (opcode == TOPK_CHUNK) return Updates.topkChunk(node, element, operands[0], leaves);
        if (opcode == SORT_LANES) return Updates.sortLanes(node, element, operands[0], leaves);
        return Movement.single(node, element, operands[0], leaves);
    }

    function _operandsOf(uint16 opcode) private pure returns (uint256) {
        uint256 arity = Scalars.arity(opcode);
        if (arity != 0) return arity;
        if (opcode == LOAD_BATCH) return 0;
        if (opcode == MATMUL_NT || opcode == CONCAT || opcode == GATHER) return 2;
        if ((opcode >= REDUCE_MAX && opcode <= REDUCE_ABSMAX) || (opcode >= RESHAPE && opcode <= SLICE)) return 1;
        if (opcode == PACK_CHUNK || opcode == SCATTER_CHUNK) return 2;
        if (opcode == BROADCAST || opcode == ONE_HOT || opcode == TOPK_CHUNK || opcode == SORT_LANES) return 1;
        revert UnknownOpcode(opcode);
    }
}
