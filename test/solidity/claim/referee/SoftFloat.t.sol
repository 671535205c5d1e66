// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SoftFloat} from "../../../../contracts/claim/referee/SoftFloat.sol";

/// @dev Both sides of every boundary, by hand. test/integration/contracts/scalars.ts compares far more operands with the
/// reference.
contract SoftFloatTest {
    uint32 private constant ONE = 0x3f800000;
    uint32 private constant MINUS_ONE = 0xbf800000;
    uint32 private constant TWO = 0x40000000;
    uint32 private constant MINUS_ZERO = 0x80000000;
    uint32 private constant LAST_BIT_OF_ONE = 0x34000000;
    uint32 private constant SMALLEST = 0x00000001;
    uint32 private constant SMALLEST_NORMAL = 0x00800000;
    uint32 private constant LARGEST = 0x7f7fffff;
    uint32 private constant INFINITY = SoftFloat.INFINITY;

    error WordDiffers(uint32 found, uint32 expected);

    function check(uint32 found, uint32 expected) private pure {
        if (found != expected) revert WordDiffers(found, expected);
    }

    /// @dev A word with a finite exponent, of any pattern.
    function finite(uint32 word) private pure returns (uint32) {
        return SoftFloat.isFinite(word) ? word : word ^ 0x40000000;
    }

    function test_isFinite_upToTheLargestNumber() external pure {
        require(SoftFloat.isFinite(LARGEST) && SoftFloat.isFinite(0xff7fffff) && SoftFloat.isFinite(0));
        require(!SoftFloat.isFinite(INFINITY) && !SoftFloat.isFinite(0xff800000));
        require(!SoftFloat.isFinite(SoftFloat.NAN) && !SoftFloat.isFinite(0x7f800001));
    }

    function test_isLess_comparesValues() external pure {
        require(SoftFloat.isLess(ONE, TWO) && !SoftFloat.isLess(TWO, ONE) && !SoftFloat.isLess(ONE, ONE));
        require(SoftFloat.isLess(MINUS_ONE, ONE) && SoftFloat.isLess(0xc0000000, MINUS_ONE));
        require(SoftFloat.isLess(0x80000001, SMALLEST) && SoftFloat.isLess(0, SMALLEST));
        require(!SoftFloat.isLess(MINUS_ZERO, 0) && !SoftFloat.isLess(0, MINUS_ZERO));
    }

    function test_zeros_areTheOneWithoutASign() external pure {
        check(SoftFloat.canonical(MINUS_ZERO), 0);
        check(SoftFloat.canonical(0x80000001), 0x80000001);
        check(SoftFloat.add(MINUS_ZERO, MINUS_ZERO), 0);
        check(SoftFloat.sub(ONE, ONE), 0);
        check(SoftFloat.mul(MINUS_ONE, 0), 0);
        check(SoftFloat.mul(0x80000001, SMALLEST), 0);
        check(SoftFloat.div(MINUS_ZERO, ONE), 0);
        check(SoftFloat.sqrt(MINUS_ZERO), 0);
        check(SoftFloat.neg(0), 0);
        check(SoftFloat.abs(MINUS_ZERO), 0);
        check(SoftFloat.max(MINUS_ZERO, 0x80000001), 0);
        check(SoftFloat.min(MINUS_ZERO, 0), 0);
        check(SoftFloat.floor(MINUS_ZERO), 0);
        check(SoftFloat.rint(0xbf000000), 0);
    }

    function test_add_sendsTiesToEven() external pure {
        check(SoftFloat.add(ONE, 0x33800000), ONE);
        check(SoftFloat.add(ONE, 0x33800001), 0x3f800001);
        check(SoftFloat.add(0x3f800001, 0x33800000), 0x3f800002);
        check(SoftFloat.add(0x3f800001, 0x337fffff), 0x3f800001);
    }

    /// @dev 25 binary places below a power of two are the last that can change it, and only in a subtraction.
    function test_add_ofNumbersFarApart() external pure {
        check(SoftFloat.sub(ONE, 0x33800000), 0x3f7fffff);
        check(SoftFloat.sub(ONE, 0x33000000), ONE);
        check(SoftFloat.sub(ONE, 0x33000001), 0x3f7fffff);
        check(SoftFloat.sub(ONE, 0x32ffffff), ONE);
        check(SoftFloat.add(LARGEST, SMALLEST), LARGEST);
        check(SoftFloat.sub(0x80000001, LARGEST), 0xff7fffff);
    }

    function test_add_cancelsExactly() external pure {
        check(SoftFloat.sub(0x3f800001, ONE), LAST_BIT_OF_ONE);
        check(SoftFloat.sub(SMALLEST_NORMAL, 0x007fffff), SMALLEST);
        check(SoftFloat.sub(0x007fffff, SMALLEST_NORMAL), 0x80000001);
        check(SoftFloat.add(0x007fffff, SMALLEST), SMALLEST_NORMAL);
    }

    function test_add_overflowsFromHalfABitAboveTheLargest() external pure {
        check(SoftFloat.add(LARGEST, 0x73000000), INFINITY);
        check(SoftFloat.add(LARGEST, 0x72ffffff), LARGEST);
        check(SoftFloat.add(0xff7fffff, 0xf3000000), 0xff800000);
    }

    function test_mul_atTheEndsOfTheRange() external pure {
        check(SoftFloat.mul(0x5f7fffff, 0x5f800000), LARGEST);
        check(SoftFloat.mul(0x5f800000, 0x5f800000), INFINITY);
        check(SoftFloat.mul(0xdf800000, 0x5f800000), 0xff800000);
        check(SoftFloat.mul(SMALLEST, 0x3f000000), 0);
        check(SoftFloat.mul(SMALLEST, 0x3f000001), SMALLEST);
        check(SoftFloat.mul(0x00000003, 0x3f000000), 0x00000002);
        check(SoftFloat.mul(0x00ffffff, 0x3f000000), SMALLEST_NORMAL);
        check(SoftFloat.mul(0x00fffffe, 0x3f000000), 0x007fffff);
    }

    function test_div_roundsOnce() external pure {
        check(SoftFloat.div(ONE, 0x40400000), 0x3eaaaaab);
        check(SoftFloat.div(SMALLEST, SMALLEST), ONE);
        check(SoftFloat.div(SMALLEST, TWO), 0);
        check(SoftFloat.div(0x00000003, TWO), 0x00000002);
        check(SoftFloat.div(SMALLEST, LARGEST), 0);
        check(SoftFloat.div(LARGEST, SMALLEST), INFINITY);
        check(SoftFloat.div(LARGEST, ONE), LARGEST);
        check(SoftFloat.div(LARGEST, 0x3f7fffff), INFINITY);
    }

    function test_div_byZeroIsNotFinite() external pure {
        require(!SoftFloat.isFinite(SoftFloat.div(ONE, 0)));
        require(!SoftFloat.isFinite(SoftFloat.div(MINUS_ONE, MINUS_ZERO)));
        require(!SoftFloat.isFinite(SoftFloat.div(0, 0)));
    }

    function test_sqrt_ofBothParitiesAndSubnormals() external pure {
        check(SoftFloat.sqrt(ONE), ONE);
        check(SoftFloat.sqrt(TWO), 0x3fb504f3);
        check(SoftFloat.sqrt(0x40800000), TWO);
        check(SoftFloat.sqrt(SMALLEST), 0x1a3504f3);
        check(SoftFloat.sqrt(0x00000002), 0x1a800000);
        check(SoftFloat.sqrt(LARGEST), 0x5f7fffff);
    }

    /// @dev Cut off after 41 or 44 bits these are ties whose lower neighbour is even: what was cut off decides.
    function test_div_and_sqrt_justAboveATieRoundUp() external pure {
        check(SoftFloat.div(SMALLEST, 0x008121ff), 0x33fdc119);
        check(SoftFloat.div(SMALLEST, 0x00869913), 0x33f37373);
        check(SoftFloat.sqrt(0x4b2a177f), 0x4550abb9);
        check(SoftFloat.sqrt(0x0059815f), 0x1fd61263);
    }

    function test_sqrt_ofANegativeNumberIsNotFinite() external pure {
        require(!SoftFloat.isFinite(SoftFloat.sqrt(0x80000001)));
        require(!SoftFloat.isFinite(SoftFloat.sqrt(MINUS_ONE)));
    }

    function test_floor_goesDown() external pure {
        check(SoftFloat.floor(0x3fffffff), ONE);
        check(SoftFloat.floor(0xbf800001), 0xc0000000);
        check(SoftFloat.floor(0x80000001), MINUS_ONE);
        check(SoftFloat.floor(0x3f7fffff), 0);
        check(SoftFloat.floor(0x4affffff), 0x4afffffe);
        check(SoftFloat.floor(0xcaffffff), 0xcb000000);
        check(SoftFloat.floor(0x4b000001), 0x4b000001);
        check(SoftFloat.floor(LARGEST), LARGEST);
    }

    function test_rint_sendsTiesToEven() external pure {
        check(SoftFloat.rint(0x3f000000), 0);
        check(SoftFloat.rint(0x3f000001), ONE);
        check(SoftFloat.rint(0x3fc00000), TWO);
        check(SoftFloat.rint(0xc0200000), 0xc0000000);
        check(SoftFloat.rint(0x4affffff), 0x4b000000);
        check(SoftFloat.rint(0x4afffffd), 0x4afffffc);
        check(SoftFloat.rint(0x4b000001), 0x4b000001);
        check(SoftFloat.rint(SMALLEST), 0);
    }

    function test_toInteger_saturatesBeyondItsNeed() external pure {
        require(SoftFloat.toInteger(0x4effffff, 0) == 0x7fffff80);
        require(SoftFloat.toInteger(0xcf000000, 0) == -(2 ** 31));
        require(SoftFloat.toInteger(LARGEST, 0) >= 2 ** 31 && SoftFloat.toInteger(0xff7fffff, 0) <= -(2 ** 31));
        require(SoftFloat.toInteger(SMALLEST, 149) == 1 && SoftFloat.toInteger(SMALLEST, 180) == 2 ** 31);
        require(SoftFloat.toInteger(SMALLEST, type(int32).max) >= 2 ** 31);
        require(SoftFloat.toInteger(LARGEST, type(int32).min) == 0 && SoftFloat.toInteger(0, type(int32).max) == 0);
        require(SoftFloat.toInteger(SMALLEST, 148) == 0 && SoftFloat.toInteger(0x00000003, 148) == 2);
    }

    function test_fromInteger_roundsFrom25Bits() external pure {
        check(SoftFloat.fromInteger(0), 0);
        check(SoftFloat.fromInteger(-1), MINUS_ONE);
        check(SoftFloat.fromInteger(2 ** 24 + 1), 0x4b800000);
        check(SoftFloat.fromInteger(2 ** 24 + 3), 0x4b800002);
        check(SoftFloat.fromInteger(type(int32).max), 0x4f000000);
        check(SoftFloat.fromInteger(type(int32).min), 0xcf000000);
    }

    function testFuzz_identities(uint32 anyA, uint32 anyB) external pure {
        uint32 a = finite(anyA);
        uint32 b = finite(anyB);
        check(SoftFloat.add(a, b), SoftFloat.add(b, a));
        check(SoftFloat.mul(a, b), SoftFloat.mul(b, a));
        check(SoftFloat.sub(a, b), SoftFloat.neg(SoftFloat.sub(b, a)));
        check(SoftFloat.sub(a, a), 0);
        check(SoftFloat.add(a, 0), SoftFloat.canonical(a));
        check(SoftFloat.mul(a, ONE), SoftFloat.canonical(a));
        check(SoftFloat.div(a, ONE), SoftFloat.canonical(a));
        check(SoftFloat.add(a, a), SoftFloat.mul(a, TWO));
        require(!SoftFloat.isLess(a, SoftFloat.floor(a)));
        check(SoftFloat.rint(SoftFloat.floor(a)), SoftFloat.floor(a));
        require(SoftFloat.isLess(a, b) == SoftFloat.isLess(0, SoftFloat.sub(b, a)));
    }
}
