// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title How a game cuts what it walks: spans of steps into parts, trees into levels.
library Cuts {
    /// @notice Levels of a tree that one move opens, at most: 128 roots.
    uint8 internal constant MOST_LEVELS = 7;

    /// @notice Parts of a span, at most.
    uint32 internal constant MOST_PARTS = 64;

    /// @notice Levels opened below a subtree of this height: the rounds down to the leaves are as even as can be.
    function levels(uint8 height) internal pure returns (uint8) {
        if (height == 0) return 0;
        uint256 rounds = (uint256(height) + MOST_LEVELS - 1) / MOST_LEVELS;
        return uint8((height + rounds - 1) / rounds);
    }

    /// @notice Equal parts of a span, the last may be shorter. None for an empty span.
    function parts(uint32 steps) internal pure returns (uint32 count, uint32 length) {
        if (steps == 0) return (0, 0);
        unchecked {
            // Steps are far below 2^32, but this holds for all of them.
            length = uint32((uint256(steps) + MOST_PARTS - 1) / MOST_PARTS);
            count = uint32((uint256(steps) + length - 1) / length);
        }
    }
}
