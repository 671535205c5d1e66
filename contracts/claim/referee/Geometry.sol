// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

uint8 constant F32 = 1;
uint8 constant I8 = 2;
uint8 constant I32 = 3;
uint8 constant U32 = 4;

uint256 constant MAX_RANK = 6;
uint256 constant LEAF_BYTES = 1024;

/// @notice What a tensor is: element type and extents. At most MAX_RANK axes, so that no product here overflows.
struct TensorType {
    uint8 dtype;
    uint32[] extents;
}

/// @notice How a tensor, or any run of bytes, is cut into leaves.
/// @param rowBytes bytes that are cut on their own, the last leaf of each shorter
/// @param perRow leaves of each
/// @param count leaves in all, before padding
struct Leaves {
    uint256 rowBytes;
    uint256 perRow;
    uint256 count;
}

/// @title Where the elements of a tensor lie in its leaves. Twin: engine/commit/format.ts.
/// @notice Rows (last axis) of a leaf and more start on a leaf; smaller ones are packed.
library Geometry {
    function bytesOf(uint8 dtype) internal pure returns (uint256) {
        return dtype == I8 ? 1 : 4;
    }

    function elements(uint32[] memory extents) internal pure returns (uint256 product) {
        product = 1;
        for (uint256 axis = 0; axis < extents.length; axis++) product *= extents[axis];
    }

    /// @notice Extent of the last axis; 1 for a scalar.
    function lastExtent(uint32[] memory extents) internal pure returns (uint256) {
        return extents.length == 0 ? 1 : extents[extents.length - 1];
    }

    function leavesOf(TensorType memory tensor) internal pure returns (Leaves memory) {
        uint256 size = bytesOf(tensor.dtype);
        uint256 total = elements(tensor.extents) * size;
        uint256 rowBytes = lastExtent(tensor.extents) * size;
        if (rowBytes < LEAF_BYTES) return contiguous(total);
        uint256 perRow = Math.ceilDiv(rowBytes, LEAF_BYTES);
        return Leaves({rowBytes: rowBytes, perRow: perRow, count: (total / rowBytes) * perRow});
    }

    /// @notice Bytes without rows.
    function contiguous(uint256 total) internal pure returns (Leaves memory) {
        uint256 count = Math.ceilDiv(total, LEAF_BYTES);
        return Leaves({rowBytes: total, perRow: count, count: count});
    }

    /// @notice The leaf that holds a byte, and its place there.
    function locate(Leaves memory leaves, uint256 position) internal pure returns (uint256 leaf, uint256 offset) {
        uint256 inRow = position % leaves.rowBytes;
        return ((position / leaves.rowBytes) * leaves.perRow + inRow / LEAF_BYTES, inRow % LEAF_BYTES);
    }

    function lengthOf(Leaves memory leaves, uint256 leaf) internal pure returns (uint256) {
        return Math.min(LEAF_BYTES, leaves.rowBytes - (leaf % leaves.perRow) * LEAF_BYTES);
    }

    /// @notice Levels above the leaves.
    function depthOf(uint256 count) internal pure returns (uint256) {
        return count <= 1 ? 0 : Math.log2(count - 1) + 1;
    }
}
