// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conversions} from "./Conversions.sol";
import {ABS, ADD, ADD_I32, DIV, EXP2I, FLOOR, FROM_I32, MAX, MUL, NEG, POW2CEIL} from "./Opcodes.sol";
import {QUANTIZE, RESIDUAL, RINT, SQRT, SUB, TO_FIXED} from "./Opcodes.sol";
import {SoftFloat} from "./SoftFloat.sol";

/// @title The operators that take one element of each operand.
/// @notice An element is a word of 32 bits: a binary32, or an integer in two's complement. Twin: engine/ops.
library Scalars {
    /// @notice How many operands the operator takes one element of; zero if it is none of these.
    function arity(uint16 opcode) internal pure returns (uint256) {
        if (opcode == ADD_I32) return 2;
        if (opcode >= POW2CEIL) {
            if (opcode > FROM_I32) return 0;
            return opcode == QUANTIZE || opcode == RESIDUAL ? 2 : 1;
        }
        if (opcode < ADD || opcode > RINT) return 0;
        return opcode == SQRT || opcode >= NEG ? 1 : 2;
    }

    /// @notice What the operator makes of a and b; b is ignored where there is one operand. Never reverts.
    /// @return fault there is no result: an operand is not finite or outside the domain, or the result would not fit.
    /// Also for another opcode.
    /// @return bits the result, zero for a fault
    function scalar(
        uint16 opcode,
        uint32 a,
        uint32 b,
        int32[8] memory attributes
    ) internal pure returns (bool fault, uint32 bits) {
        if (opcode == FROM_I32) return (false, Conversions.fromI32(int32(a)));
        if (opcode == EXP2I) return (false, Conversions.exp2i(int32(a)));
        if (opcode == ADD_I32) return Conversions.addI32(int32(a), int32(b));
        if (!SoftFloat.isFinite(a)) return (true, 0);
        if (opcode == TO_FIXED) return Conversions.toFixed(a, attributes[0], attributes[1]);
        if (opcode == POW2CEIL) return Conversions.pow2ceil(a);

        uint256 operands = arity(opcode);
        if (operands == 0 || (operands == 2 && !SoftFloat.isFinite(b))) return (true, 0);
        if (opcode == QUANTIZE) return Conversions.quantize(a, b);
        if (opcode == RESIDUAL) return Conversions.residual(a, b);
        bits = operands == 2 ? _binary(opcode, a, b) : _unary(opcode, a);
        return SoftFloat.isFinite(bits) ? (false, bits) : (true, 0);
    }

    function _binary(uint16 opcode, uint32 a, uint32 b) private pure returns (uint32) {
        if (opcode == ADD) return SoftFloat.add(a, b);
        if (opcode == SUB) return SoftFloat.sub(a, b);
        if (opcode == MUL) return SoftFloat.mul(a, b);
        if (opcode == DIV) return SoftFloat.div(a, b);
        return opcode == MAX ? SoftFloat.max(a, b) : SoftFloat.min(a, b);
    }

    function _unary(uint16 opcode, uint32 a) private pure returns (uint32) {
        if (opcode == SQRT) return SoftFloat.sqrt(a);
        if (opcode == NEG) return SoftFloat.neg(a);
        if (opcode == ABS) return SoftFloat.abs(a);
        return opcode == FLOOR ? SoftFloat.floor(a) : SoftFloat.rint(a);
    }
}
