// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    ADD,
    ADD_I32,
    DIV,
    EXP2I,
    FROM_I32,
    MUL,
    POW2CEIL,
    QUANTIZE,
    RESIDUAL,
    RINT,
    SQRT,
    TO_FIXED
} from "../../../../contracts/claim/referee/Opcodes.sol";
import {Scalars} from "../../../../contracts/claim/referee/Scalars.sol";
import {SoftFloat} from "../../../../contracts/claim/referee/SoftFloat.sol";

/// @dev Domains and conversions, both sides of every boundary.
contract ScalarsTest {
    uint32 private constant ONE = 0x3f800000;
    uint32 private constant LARGEST = 0x7f7fffff;
    /// @dev 2^-100, the least scale.
    uint32 private constant LEAST_SCALE = 0x0d800000;
    uint32 private constant QUARTER = 0x3e800000;

    int32[8] private _attributes;

    error ResultDiffers(bool fault, uint32 bits, uint32 expected);
    error NoFault(uint32 bits);

    function check(uint16 opcode, uint32 a, uint32 b, uint32 expected) private view {
        (bool fault, uint32 bits) = Scalars.scalar(opcode, a, b, _attributes);
        if (fault || bits != expected) revert ResultDiffers(fault, bits, expected);
    }

    function checkFault(uint16 opcode, uint32 a, uint32 b) private view {
        (bool fault, uint32 bits) = Scalars.scalar(opcode, a, b, _attributes);
        if (!fault || bits != 0) revert NoFault(bits);
    }

    /// @dev Two's complement.
    function word(int256 value) private pure returns (uint32) {
        return uint32(int32(value));
    }

    function test_arity_isThatOfTheOperators() external pure {
        uint8[64] memory expected;
        for (uint256 opcode = 1; opcode <= 4; opcode++) expected[opcode] = 2;
        (expected[5], expected[6], expected[7]) = (1, 2, 2);
        for (uint256 opcode = 8; opcode <= 11; opcode++) expected[opcode] = 1;
        for (uint256 opcode = 16; opcode <= 21; opcode++) expected[opcode] = 1;
        (expected[18], expected[19], expected[33]) = (2, 2, 2);
        for (uint16 opcode = 0; opcode < 64; opcode++) require(Scalars.arity(opcode) == expected[opcode]);
        require(Scalars.arity(64) == 0 && Scalars.arity(type(uint16).max) == 0);
    }

    function test_scalar_ofAnotherOpcodeIsAFault() external view {
        uint16[6] memory others = [0, 12, 15, 22, 32, type(uint16).max];
        for (uint256 i = 0; i < others.length; i++) checkFault(others[i], ONE, ONE);
    }

    function test_scalar_withoutAResultIsAFault() external view {
        check(ADD, LARGEST, 0x72ffffff, LARGEST);
        checkFault(ADD, LARGEST, 0x73000000);
        check(MUL, 0x5f7fffff, 0x5f800000, LARGEST);
        checkFault(MUL, 0x5f800000, 0x5f800000);
        check(DIV, 0, 0x00000001, 0);
        checkFault(DIV, 0, 0);
        check(SQRT, 0x80000000, 0, 0);
        checkFault(SQRT, 0x80000001, 0);
    }

    /// @dev The second operand of a unary operator is not looked at.
    function test_scalar_ofOneOperandIgnoresTheOther() external view {
        check(SQRT, ONE, 0x7fc00000, ONE);
        checkFault(ADD, ONE, 0x7fc00000);
    }

    function test_pow2ceil_isAboveItsOperand() external view {
        check(POW2CEIL, 0, 0, 0x0e000000);
        check(POW2CEIL, 0x80000000, 0, 0x0e000000);
        checkFault(POW2CEIL, 0x80000001, 0);
        check(POW2CEIL, LEAST_SCALE, 0, 0x0e000000);
        check(POW2CEIL, 0x0dffffff, 0, 0x0e000000);
        check(POW2CEIL, 0x0e000000, 0, 0x0e800000);
        check(POW2CEIL, 0x3f7fffff, 0, ONE);
        check(POW2CEIL, ONE, 0, 0x40000000);
        check(POW2CEIL, 0x7e7fffff, 0, 0x7e800000);
        checkFault(POW2CEIL, 0x7e800000, 0);
    }

    function test_exp2i_clamps() external view {
        check(EXP2I, 0, 0, ONE);
        check(EXP2I, word(-126), 0, 0x00800000);
        check(EXP2I, word(-127), 0, 0x00800000);
        check(EXP2I, word(type(int32).min), 0, 0x00800000);
        check(EXP2I, 126, 0, 0x7e800000);
        check(EXP2I, 127, 0, 0x7f000000);
        check(EXP2I, word(type(int32).max), 0, 0x7f000000);
    }

    function test_quantize_roundsAndClamps() external view {
        check(QUANTIZE, 0x3e000000, QUARTER, 0);
        check(QUANTIZE, 0x3e000001, QUARTER, 1);
        check(QUANTIZE, 0xbec00000, QUARTER, word(-2));
        check(QUANTIZE, 0x41fdffff, QUARTER, 127);
        check(QUANTIZE, 0x41fe0000, QUARTER, 127);
        check(QUANTIZE, 0xc2000000, QUARTER, word(-127));
        check(QUANTIZE, 0xff7fffff, LEAST_SCALE, word(-127));
        check(QUANTIZE, 0x00000001, 0x7f000000, 0);
    }

    function test_quantize_needsAScale() external view {
        check(QUANTIZE, 0, LEAST_SCALE, 0);
        checkFault(QUANTIZE, 0, 0x0d000000);
        checkFault(QUANTIZE, 0, 0x0d7fffff);
        checkFault(QUANTIZE, 0, 0x0d800001);
        check(QUANTIZE, 0, 0x7f000000, 0);
        checkFault(QUANTIZE, 0, 0x7f800000);
        checkFault(QUANTIZE, 0, 0xbf800000);
        checkFault(QUANTIZE, 0, 0x80000000);
        checkFault(QUANTIZE, 0, 0);
    }

    function test_residual_isTheSecondSlice() external view {
        // 1 / 256 of the scale is a tie of the second slice.
        check(RESIDUAL, 0x3f800000, ONE, 0);
        check(RESIDUAL, 0x3f808000, ONE, 0);
        check(RESIDUAL, 0x3f808001, ONE, 1);
        check(RESIDUAL, 0x3f000000, ONE, 64);
        check(RESIDUAL, 0x3f000001, ONE, word(-64));
        // A first slice that was clamped leaves more than the second can hold.
        check(RESIDUAL, 0x43000000, ONE, 127);
        check(RESIDUAL, 0xff7fffff, LEAST_SCALE, word(-127));
        // s / 128 = 2^-107 is used although it is no scale.
        check(RESIDUAL, 0x0a000000, LEAST_SCALE, 1);
    }

    function test_residual_faultsLikeTheFirstSliceAndWhereThatOverflows() external view {
        checkFault(RESIDUAL, 0, 0x0d000000);
        checkFault(RESIDUAL, 0, 0x3f800001);
        // 1.5 2^127 rounds to twice the scale, which is 2^128.
        check(RESIDUAL, 0x7f3fffff, 0x7f000000, 64);
        checkFault(RESIDUAL, 0x7f400000, 0x7f000000);
    }

    function test_toFixed_holdsItsBound() external {
        (_attributes[0], _attributes[1]) = (1, 5);
        check(TO_FIXED, 0x40200000, 0, 5);
        check(TO_FIXED, 0x402fffff, 0, 5);
        checkFault(TO_FIXED, 0x40300000, 0);
        check(TO_FIXED, 0xc0200000, 0, word(-5));
        checkFault(TO_FIXED, 0xc0300000, 0);
        checkFault(TO_FIXED, LARGEST, 0);
        (_attributes[0], _attributes[1]) = (0, type(int32).max);
        check(TO_FIXED, 0x4effffff, 0, 0x7fffff80);
        checkFault(TO_FIXED, 0x4f000000, 0);
        checkFault(TO_FIXED, 0xcf000000, 0);
        (_attributes[0], _attributes[1]) = (-126, 1);
        check(TO_FIXED, 0x7e000000, 0, 0);
        check(TO_FIXED, 0x7e800000, 0, 1);
        checkFault(TO_FIXED, 0x7f000000, 0);
    }

    function test_fromI32_reachesBothEnds() external view {
        check(FROM_I32, word(type(int32).min), 0, 0xcf000000);
        check(FROM_I32, word(type(int32).max), 0, 0x4f000000);
        check(FROM_I32, word(-1), 0, 0xbf800000);
    }

    function test_addI32_ofAddendsAboveTheirBoundsIsAFault() external view {
        check(ADD_I32, 0x7ffffffe, 1, 0x7fffffff);
        checkFault(ADD_I32, 0x7fffffff, 1);
        check(ADD_I32, word(-(2 ** 31) + 1), word(-1), 0x80000000);
        checkFault(ADD_I32, word(-(2 ** 31)), word(-1));
    }

    /// @dev No panic for any word and any attribute. Opcodes up to RINT give numbers, and no -0.
    function testFuzz_scalar_neverReverts(uint16 any, uint32 a, uint32 b, int32[8] calldata attributes) external pure {
        uint16 opcode = any % 36;
        (bool fault, uint32 bits) = Scalars.scalar(opcode, a, b, attributes);
        require(!fault || bits == 0);
        if (opcode <= RINT) require(SoftFloat.isFinite(bits) && SoftFloat.canonical(bits) == bits);
    }
}
