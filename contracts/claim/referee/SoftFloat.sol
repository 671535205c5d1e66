// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/src/utils/LibBit.sol";

/// @title Binary32 in integers.
/// @notice IEEE-754 arithmetic on bit patterns, rounded once to nearest, ties to even, with subnormals. Operands must be
/// finite. A result that does not exist is not finite: `INFINITY` for an overflow or a zero denominator, `NAN` for the
/// root of a negative number. A result that is zero is +0. Nothing reverts.
/// @dev A number is taken apart into `units` times 2^`exponent`, the value of its last bit, and put together again by
/// `round`. Words are uint256 inside, because narrow types cost a mask at every step.
library SoftFloat {
    uint32 internal constant INFINITY = 0x7f800000;
    uint32 internal constant NAN = 0x7fc00000;

    uint256 private constant SIGN = 0x80000000;
    uint256 private constant MAGNITUDE = 0x7fffffff;
    /// @dev The bit that normal numbers have before those that are stored.
    uint256 private constant HIDDEN = 0x00800000;
    /// @dev Value of the last bit of subnormal numbers, as a power of two.
    int256 private constant LOWEST = -149;

    function isFinite(uint32 a) internal pure returns (bool) {
        return (a & INFINITY) != INFINITY;
    }

    /// @notice -0 becomes +0.
    function canonical(uint32 a) internal pure returns (uint32) {
        return a == SIGN ? 0 : a;
    }

    /// @notice Compares by value: -0 is not less than +0.
    function isLess(uint32 a, uint32 b) internal pure returns (bool) {
        return _order(a) < _order(b);
    }

    function max(uint32 a, uint32 b) internal pure returns (uint32) {
        return canonical(isLess(b, a) ? a : b);
    }

    function min(uint32 a, uint32 b) internal pure returns (uint32) {
        return canonical(isLess(a, b) ? a : b);
    }

    function neg(uint32 a) internal pure returns (uint32) {
        return canonical(a ^ uint32(SIGN));
    }

    function abs(uint32 a) internal pure returns (uint32) {
        return a & uint32(MAGNITUDE);
    }

    function add(uint32 a, uint32 b) internal pure returns (uint32) {
        unchecked {
            // |a| >= |b| from here on: the sum has the sign of a.
            if ((a & MAGNITUDE) < (b & MAGNITUDE)) (a, b) = (b, a);
            (uint256 unitsA, int256 exponentA) = _split(a);
            (uint256 unitsB, int256 exponentB) = _split(b);
            uint256 apart = uint256(exponentA - exponentB);
            // |b| < 2^(exponentA - 2) is then less than half of what the last bit is worth, also just below a power of
            // two, where that is 2^(exponentA - 1). And a is not zero.
            if (apart > 25) return a;
            unitsA <<= apart;
            return round(a & SIGN, ((a ^ b) & SIGN) == 0 ? unitsA + unitsB : unitsA - unitsB, exponentB);
        }
    }

    function sub(uint32 a, uint32 b) internal pure returns (uint32) {
        return add(a, b ^ uint32(SIGN));
    }

    function mul(uint32 a, uint32 b) internal pure returns (uint32) {
        unchecked {
            (uint256 unitsA, int256 exponentA) = _split(a);
            (uint256 unitsB, int256 exponentB) = _split(b);
            return round((a ^ b) & SIGN, unitsA * unitsB, exponentA + exponentB);
        }
    }

    function div(uint32 a, uint32 b) internal pure returns (uint32) {
        unchecked {
            (uint256 unitsA, int256 exponentA) = _split(a);
            (uint256 unitsB, int256 exponentB) = _split(b);
            if (unitsB == 0) return INFINITY;
            // At least 2^40 unless it is zero: far more than 24 bits, whatever the operands.
            uint256 quotient = (unitsA << 64) / unitsB;
            uint256 rest = (unitsA << 64) % unitsB;
            return round((a ^ b) & SIGN, _sticky(quotient, rest), exponentA - exponentB - 64);
        }
    }

    function sqrt(uint32 a) internal pure returns (uint32) {
        unchecked {
            (uint256 units, int256 exponent) = _split(a);
            if (units == 0) return 0;
            if ((a & SIGN) != 0) return NAN;
            // An even exponent has a half; 64 more bits give the root at least 32.
            uint256 shift = 64 + (uint256(exponent) & 1);
            units <<= shift;
            uint256 root = FixedPointMathLib.sqrt(units);
            return round(0, _sticky(root, units - root * root), (exponent - int256(shift)) >> 1);
        }
    }

    /// @notice The largest integer that is not above a.
    function floor(uint32 a) internal pure returns (uint32) {
        unchecked {
            (uint256 units, int256 exponent) = _split(a);
            if (exponent >= 0) return a;
            // An arithmetic shift rounds down, also below zero.
            return fromInteger(_signed(a, units) >> uint256(-exponent));
        }
    }

    /// @notice The nearest integer, ties to even.
    function rint(uint32 a) internal pure returns (uint32) {
        (, int256 exponent) = _split(a);
        return exponent >= 0 ? a : fromInteger(toInteger(a, 0));
    }

    /// @notice The integer nearest to a 2^power, ties to even, and of the right sign and at least 2^31 in magnitude where
    /// it is larger than that.
    function toInteger(uint32 a, int256 power) internal pure returns (int256) {
        unchecked {
            (uint256 units, int256 exponent) = _split(a);
            exponent += power;
            // A shift by 32 gives more than 2^31 already; any power may be asked for, and the word must hold the result.
            uint256 magnitude =
                exponent < 0
                    ? _shiftRight(units, uint256(-exponent))
                    : units << uint256(exponent > 32 ? int256(32) : exponent);
            return _signed(a, magnitude);
        }
    }

    /// @notice The number nearest to an integer below 2^200 in magnitude.
    function fromInteger(int256 value) internal pure returns (uint32) {
        unchecked {
            return value < 0 ? round(SIGN, uint256(-value), 0) : round(0, uint256(value), 0);
        }
    }

    /// @notice The number nearest to units 2^exponent, with the given sign bit.
    /// @dev The exponents that come of finite operands are within a few hundred. A value known to lie between two
    /// `units` may come as the odd one of them, if it has at least 26 bits: no tie is odd then.
    function round(uint256 sign, uint256 units, int256 exponent) internal pure returns (uint32) {
        unchecked {
            if (units == 0) return 0;
            // What the last bit of the result is worth: 24 bits are kept, fewer at the bottom of the range.
            int256 last = int256(LibBit.fls(units)) + exponent - 23;
            if (last < LOWEST) last = LOWEST;
            units = last > exponent ? _shiftRight(units, uint256(last - exponent)) : units << uint256(exponent - last);
            // The hidden bit adds one to the exponent's field, so do units that were rounded up to 2^24; a subnormal
            // number has neither.
            uint256 bits = (uint256(last - LOWEST) << 23) + units;
            if (bits >= INFINITY) bits = INFINITY;
            return uint32(bits == 0 ? 0 : bits | sign);
        }
    }

    /// @dev units / 2^shift for a shift of at least 1, to nearest, ties to even. Zero from a shift of 256 on, which needs units < 2^255.
    function _shiftRight(uint256 units, uint256 shift) private pure returns (uint256) {
        unchecked {
            // Just under half, or half where the integer part is odd, carries exactly if the rest is to be rounded up.
            uint256 isOdd = (units >> shift) & 1;
            return (units + (uint256(1) << (shift - 1)) - 1 + isOdd) >> shift;
        }
    }

    /// @dev Marks a value that is truncated by making it odd.
    function _sticky(uint256 units, uint256 rest) private pure returns (uint256) {
        return rest == 0 ? units : units | 1;
    }

    /// @dev |a| = units 2^exponent.
    function _split(uint32 a) private pure returns (uint256 units, int256 exponent) {
        unchecked {
            uint256 field = (a >> 23) & 0xff;
            units = a & (HIDDEN - 1);
            if (field == 0) return (units, LOWEST);
            return (units | HIDDEN, int256(field) + LOWEST - 1);
        }
    }

    /// @dev The magnitude with the sign of a.
    function _signed(uint32 a, uint256 magnitude) private pure returns (int256) {
        unchecked {
            return (a & SIGN) == 0 ? int256(magnitude) : -int256(magnitude);
        }
    }

    /// @dev Integers in the order of the numbers.
    function _order(uint32 a) private pure returns (int256) {
        return _signed(a, a & MAGNITUDE);
    }
}
