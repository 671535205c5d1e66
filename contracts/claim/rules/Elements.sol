// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {F32, Geometry, I8, LEAF_BYTES, Leaves, U32} from "../referee/Geometry.sol";

/// @title The elements of an opened leaf.
library Elements {
    /// @notice Number (row-major) of the tensor's element that is `element` of leaf `leaf`.
    function numberOf(
        Leaves memory leaves,
        uint8 dtype,
        uint256 leaf,
        uint256 element
    ) internal pure returns (uint256) {
        uint256 start = (leaf / leaves.perRow) * leaves.rowBytes + (leaf % leaves.perRow) * LEAF_BYTES;
        return start / Geometry.bytesOf(dtype) + element;
    }

    /// @notice Binary32, or the integer in two's complement, in 32 bits. Leaves are little-endian.
    function bitsAt(uint8 dtype, bytes calldata data, uint256 element) internal pure returns (uint32) {
        if (dtype == I8) return uint32(int32(int8(uint8(data[element]))));
        uint32 bits = 0;
        for (uint256 i = 0; i < 4; ++i) bits |= uint32(uint8(data[4 * element + i])) << uint32(8 * i);
        return bits;
    }

    /// @notice Whether a tensor may hold this: f32 finite and no -0, i8 never -128, u32 below 2^31.
    function isEncoding(uint8 dtype, uint32 bits) internal pure returns (bool) {
        if (dtype == F32) return bits & 0x7f800000 != 0x7f800000 && bits != 0x80000000;
        if (dtype == I8) return bits != uint32(int32(type(int8).min));
        return dtype != U32 || bits < 0x80000000;
    }
}
