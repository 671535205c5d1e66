// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node} from "./Descriptor.sol";
import {Elementwise} from "./Elementwise.sol";
import {F32} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {ADD, ADD_I32, FROM_I32, RINT} from "./Opcodes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Scalars} from "./Scalars.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @notice What instructions read: the operands first, then their own results.
/// @param types element type of each, zero where there is none yet
/// @param words its value for the element that is evaluated
struct Sources {
    uint8[16] types;
    uint32[16] words;
}

/// @title A straight line of scalar operators over the same element of each operand. Twin: engine/ops/fused.ts.
/// @notice The attributes are up to 12 instructions of 16 bits, two in each, the first in its high half: the operator's
/// opcode, then four bits for each of the two sources that it reads. Zero ends them. The last result is the node's.
library Fused {
    uint256 private constant MAX_OPERANDS = 4;
    uint256 private constant MAX_INSTRUCTIONS = 12;

    function evaluate(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory finding) {
        if (node.result.dtype != F32) return IReferee.Finding({fault: true, bits: 0});
        Sources memory sources;
        for (uint256 i = 0; i < operands.length; i++) {
            Opened memory operand = operands[i];
            if (!Shapes.same(operand.tensor.extents, node.result.extents)) {
                return IReferee.Finding({fault: true, bits: 0});
            }
            bool isValue;
            sources.types[i] = operand.tensor.dtype;
            (isValue, sources.words[i]) = operand.element(evidence[i].leaves, element);
            if (!isValue) return IReferee.Finding({fault: true, bits: 0});
        }
        (finding.fault, finding.bits) = _run(node.attributes, sources);
    }

    /// @dev Never reverts: no instruction is read after one that makes no sense.
    function _run(int32[8] memory attributes, Sources memory sources) private pure returns (bool fault, uint32 bits) {
        uint256 count = 0;
        uint256 instruction = _instruction(attributes, 0);
        while (instruction != 0) {
            if (count == MAX_INSTRUCTIONS) return (true, 0);
            uint16 opcode = uint16(instruction >> 8);
            if (!_isTaken(opcode)) return (true, 0);
            (uint256 a, uint256 b) = ((instruction >> 4) & 0xf, instruction & 0xf);
            (uint8 from, uint8 into) = Elementwise.typesOf(opcode);
            // What has no value yet has no type either.
            if (sources.types[a] != from) return (true, 0);
            if (Scalars.arity(opcode) == 2 && sources.types[b] != from) return (true, 0);
            (fault, bits) = Scalars.scalar(opcode, sources.words[a], sources.words[b], attributes);
            if (fault) return (true, 0);
            sources.types[MAX_OPERANDS + count] = into;
            sources.words[MAX_OPERANDS + count] = bits;
            instruction = _instruction(attributes, ++count);
        }
        if (count == 0 || sources.types[MAX_OPERANDS + count - 1] != F32) return (true, 0);
    }

    function _instruction(int32[8] memory attributes, uint256 index) private pure returns (uint256) {
        return (uint256(uint32(attributes[index / 2])) >> (index % 2 == 0 ? 16 : 0)) & 0xffff;
    }

    /// @dev Only what needs no attributes and has a word of 32 bits for its result.
    function _isTaken(uint16 opcode) private pure returns (bool) {
        return (opcode >= ADD && opcode <= RINT) || opcode == FROM_I32 || opcode == ADD_I32;
    }
}
