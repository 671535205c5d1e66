// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node} from "./Descriptor.sol";
import {F32, I32, I8} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {ADD_I32, EXP2I, FROM_I32, QUANTIZE, RESIDUAL, TO_FIXED} from "./Opcodes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Scalars} from "./Scalars.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @title Operators that take the same element of each operand: their types here, their values in Scalars.
library Elementwise {
    function evaluate(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory finding) {
        (uint8 from, uint8 into) = typesOf(node.opcode);
        uint32[2] memory words;
        if (node.result.dtype != into) return IReferee.Finding({fault: true, bits: 0});
        for (uint256 i = 0; i < operands.length; i++) {
            Opened memory operand = operands[i];
            if (operand.tensor.dtype != from || !Shapes.same(operand.tensor.extents, node.result.extents)) {
                return IReferee.Finding({fault: true, bits: 0});
            }
            bool isValue;
            (isValue, words[i]) = operand.element(evidence[i].leaves, element);
            if (!isValue) return IReferee.Finding({fault: true, bits: 0});
        }
        (finding.fault, finding.bits) = Scalars.scalar(node.opcode, words[0], words[1], node.attributes);
    }

    /// @notice Element types of all operands and of the result.
    function typesOf(uint16 opcode) internal pure returns (uint8 from, uint8 into) {
        if (opcode == ADD_I32) return (I32, I32);
        if (opcode == EXP2I || opcode == FROM_I32) return (I32, F32);
        if (opcode == TO_FIXED) return (F32, I32);
        if (opcode == QUANTIZE || opcode == RESIDUAL) return (F32, I8);
        return (F32, F32);
    }
}
