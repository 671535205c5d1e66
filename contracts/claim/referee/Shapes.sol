// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Row-major shapes. Twin: engine/ops/movement.ts.
library Shapes {
    /// @notice Whether the first `axes` extents are the same.
    function agree(uint32[] memory a, uint32[] memory b, uint256 axes) internal pure returns (bool) {
        for (uint256 axis = 0; axis < axes; axis++) if (a[axis] != b[axis]) return false;
        return true;
    }

    function same(uint32[] memory a, uint32[] memory b) internal pure returns (bool) {
        return a.length == b.length && agree(a, b, a.length);
    }

    /// @notice Whether the shapes are the same but for one axis that both have.
    function sameBut(uint32[] memory a, uint32[] memory b, uint256 axis) internal pure returns (bool) {
        if (a.length != b.length || axis >= a.length) return false;
        for (uint256 i = 0; i < a.length; i++) if (i != axis && a[i] != b[i]) return false;
        return true;
    }

    /// @notice The coordinates of a flat index below the number of elements.
    function coordinates(uint256 index, uint32[] memory extents) internal pure returns (uint256[] memory position) {
        position = new uint256[](extents.length);
        for (uint256 axis = extents.length; axis > 0; axis--) {
            position[axis - 1] = index % extents[axis - 1];
            index /= extents[axis - 1];
        }
    }

    /// @notice The flat index of coordinates.
    function flatIndex(uint256[] memory position, uint32[] memory extents) internal pure returns (uint256 index) {
        for (uint256 axis = 0; axis < extents.length; axis++) index = index * extents[axis] + position[axis];
    }
}
