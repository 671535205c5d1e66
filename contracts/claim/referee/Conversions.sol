// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SoftFloat} from "./SoftFloat.sol";

/// @title The operators between binary32 and integers.
/// @notice Twins of the files of the same names in engine/ops. Operands are those that an opening gave: any finite
/// binary32, any i32. `fault` means that there is no result, and `bits` is then zero.
library Conversions {
    /// @dev 2^-100 and 2^126 as binary32, and what the exponent adds for each power of two.
    uint32 private constant LEAST_SCALE = 27 << 23;
    uint32 private constant TOO_LARGE = 253 << 23;
    uint32 private constant DOUBLE = 1 << 23;
    int256 private constant BIAS = 127;

    int256 private constant LOWEST_POWER = -126;
    int256 private constant HIGHEST_POWER = 127;
    int256 private constant LARGEST_I8 = 127;
    /// @dev The second slice of a value has a scale that is 2^7 times finer.
    int256 private constant FINER = 7;

    /// @notice The smallest power of two above max(x, 2^-100).
    function pow2ceil(uint32 x) internal pure returns (bool fault, uint32 bits) {
        if (SoftFloat.isLess(x, 0) || !SoftFloat.isLess(x, TOO_LARGE)) return (true, 0);
        uint32 floored = SoftFloat.max(x, LEAST_SCALE);
        return (false, (floored & SoftFloat.INFINITY) + DOUBLE);
    }

    /// @notice 2^n, n clamped to what a normal number can have.
    function exp2i(int256 n) internal pure returns (uint32) {
        return uint32(uint256(_clamp(n, LOWEST_POWER, HIGHEST_POWER) + BIAS) << 23);
    }

    /// @notice rint(x / s) within [-127, 127].
    function quantize(uint32 x, uint32 s) internal pure returns (bool fault, uint32 bits) {
        if (!_isScale(s)) return (true, 0);
        return (false, _word(_quantized(x, _power(s))));
    }

    /// @notice What `quantize` leaves of x, under a scale of s / 128, which may be finer than scales are.
    function residual(uint32 x, uint32 s) internal pure returns (bool fault, uint32 bits) {
        if (!_isScale(s)) return (true, 0);
        int256 power = _power(s);
        uint32 coarse = SoftFloat.mul(SoftFloat.fromInteger(_quantized(x, power)), s);
        if (!SoftFloat.isFinite(coarse)) return (true, 0);
        // Finite: the product has the sign of x, and is not above twice its magnitude.
        uint32 rest = SoftFloat.sub(x, coarse);
        return (false, _word(_quantized(rest, power - FINER)));
    }

    /// @notice rint(x 2^k); above the bound in magnitude it is a fault.
    function toFixed(uint32 x, int256 k, int256 bound) internal pure returns (bool fault, uint32 bits) {
        int256 value = SoftFloat.toInteger(x, k);
        if (value > bound || value < -bound) return (true, 0);
        return (false, _word(value));
    }

    /// @notice The number nearest to n.
    function fromI32(int256 n) internal pure returns (uint32) {
        return SoftFloat.fromInteger(n);
    }

    /// @notice a + b. The builder refuses sums that could leave i32, so an overflow comes of an operand above its bound.
    function addI32(int256 a, int256 b) internal pure returns (bool fault, uint32 bits) {
        int256 sum = a + b;
        if (sum != int32(sum)) return (true, 0);
        return (false, _word(sum));
    }

    /// @dev A scale is a power of two of at least 2^-100, so positive: the sign bit makes a word larger than any of them.
    function _isScale(uint32 s) private pure returns (bool) {
        return s >= LEAST_SCALE && s < SoftFloat.INFINITY && s % DOUBLE == 0;
    }

    function _power(uint32 scale) private pure returns (int256) {
        return int256(uint256(scale >> 23)) - BIAS;
    }

    function _quantized(uint32 x, int256 power) private pure returns (int256) {
        return _clamp(SoftFloat.toInteger(x, -power), -LARGEST_I8, LARGEST_I8);
    }

    function _clamp(int256 value, int256 least, int256 most) private pure returns (int256) {
        if (value < least) return least;
        return value > most ? most : value;
    }

    /// @dev Two's complement in 32 bits.
    function _word(int256 value) private pure returns (uint32) {
        return uint32(int32(value));
    }
}
