// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Eight elements of 4 bytes in a word, the first in the highest lane of 32 bits.
library Lanes {
    /// @notice One in each lane, and the sign of each.
    uint256 internal constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 internal constant SIGNS = ONES << 31;

    uint256 private constant EXPONENTS = ONES * 0x7f800000;
    uint256 private constant EVEN_BYTES = ONES * 0x00ff00ff;
    uint256 private constant EVEN_PAIRS = ONES * 0x0000ffff;

    /// @notice The elements of a row from `index` on, each turned round from little-endian.
    function load(bytes memory row, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(row, 32), shl(2, index)))
        }
        word = ((word & EVEN_BYTES) << 8) | ((word >> 8) & EVEN_BYTES);
        return ((word & EVEN_PAIRS) << 16) | ((word >> 16) & EVEN_PAIRS);
    }

    /// @notice Whether all are values of f32: no lane with all exponent bits, which one more carries into the sign, and
    /// none with the sign alone.
    function areValues(uint256 word) internal pure returns (bool) {
        unchecked {
            uint256 notFinite = ((word & EXPONENTS) + ONES * 0x00800000) & SIGNS;
            uint256 turned = word ^ SIGNS;
            uint256 notZero = (((turned & ~SIGNS) + ~SIGNS) | turned) & SIGNS;
            return notFinite == 0 && notZero == SIGNS;
        }
    }

    /// @notice What orders values by their bits: the sign turned, and all bits of a negative one.
    function ranks(uint256 word) internal pure returns (uint256) {
        unchecked {
            return word ^ (((word >> 31) & ONES) * 0x7fffffff) ^ SIGNS;
        }
    }

    /// @notice The sum of the lanes, below 2^32.
    function sum(uint256 word) internal pure returns (uint256) {
        unchecked {
            return (word * ONES) >> 224;
        }
    }
}
