// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Node} from "./Descriptor.sol";
import {F32, I32, TensorType} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Lanes} from "./Lanes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @title reduce_max, reduce_absmax and sum_i32, along the last axis. Twins: engine/ops, a file of each name.
/// @dev Eight elements at a time, in lanes of 32 bits, or four in the lower halves of lanes of 64 bits.
library Reductions {
    uint256 private constant MAX_REDUCTION = 1024;

    uint256 private constant ONES_64 = 0x0000000000000001000000000000000100000000000000010000000000000001;
    uint256 private constant EVEN_LANES = ONES_64 * 0xffffffff;

    /// @notice The largest value of a row.
    function reduceMax(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        return _largest(node, element, operand, leaves, type(uint256).max);
    }

    /// @notice The largest magnitude of a row.
    function reduceAbsmax(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        return _largest(node, element, operand, leaves, ~Lanes.SIGNS);
    }

    /// @dev Among values, none of which is -0, order is that of the bits with the sign turned, and all bits of a negative
    /// one: their rank, which is never 0.
    /// @param kept bits of each lane that count
    function _largest(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves,
        uint256 kept
    ) private view returns (IReferee.Finding memory) {
        if (!_applies(node.result, operand.tensor, F32)) return IReferee.Finding({fault: true, bits: 0});
        bytes memory row = operand.row(leaves, element);
        (bool areValues, uint256 rank) = _highestRank(row, _length(operand), kept);
        if (!areValues) return IReferee.Finding({fault: true, bits: 0});
        uint32 bits = uint32(rank);
        return IReferee.Finding({fault: false, bits: bits < 0x80000000 ? ~bits : bits & 0x7fffffff});
    }

    /// @notice The sum of a row; a fault if it is no i32.
    function sumI32(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        if (!_applies(node.result, operand.tensor, I32)) return IReferee.Finding({fault: true, bits: 0});
        int256 sum = _sum(operand.row(leaves, element));
        if (sum != int32(sum)) return IReferee.Finding({fault: true, bits: 0});
        return IReferee.Finding({fault: false, bits: uint32(int32(sum))});
    }

    function _applies(TensorType memory result, TensorType memory operand, uint8 dtype) private pure returns (bool) {
        uint256 rank = result.extents.length;
        if (result.dtype != dtype || operand.dtype != dtype) return false;
        if (rank == 0 || operand.extents.length != rank || result.extents[rank - 1] != 1) return false;
        uint256 length = operand.extents[rank - 1];
        return length >= 1 && length <= MAX_REDUCTION && Shapes.agree(operand.extents, result.extents, rank - 1);
    }

    function _length(Opened memory operand) private pure returns (uint256) {
        return operand.tensor.extents[operand.tensor.extents.length - 1];
    }

    function _highestRank(
        bytes memory row,
        uint256 length,
        uint256 kept
    ) private pure returns (bool areValues, uint256 highest) {
        uint256 lanes = 0;
        areValues = true;
        unchecked {
            for (uint256 i = 0; i < length; i += 8) {
                uint256 word = Lanes.load(row, i);
                areValues = areValues && Lanes.areValues(word);
                word &= kept;
                uint256 ranks = Lanes.ranks(word);
                // What fills the last word up ranks below all.
                if (length - i < 8) ranks &= type(uint256).max << (256 - 32 * (length - i));
                lanes = _maxOfLanes(_maxOfLanes(lanes, ranks & EVEN_LANES), (ranks >> 32) & EVEN_LANES);
            }
            for (uint256 shift = 0; shift < 256; shift += 64)
                highest = Math.max(highest, (lanes >> shift) & 0xffffffff);
        }
    }

    /// @dev The larger of each lane: the top bit of a lane survives the subtraction where a is not below b.
    function _maxOfLanes(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            uint256 isFirst = ((((a | (ONES_64 << 63)) - b) >> 63) & ONES_64) * 0xffffffff;
            return (a & isFirst) | (b & ~isFirst);
        }
    }

    /// @dev Each element is shifted by 2^31 to be positive; those that fill the last word up, too.
    function _sum(bytes memory row) private pure returns (int256) {
        unchecked {
            uint256 lanes = 0;
            for (uint256 i = 0; 4 * i < row.length; i += 8) {
                uint256 word = Lanes.load(row, i) ^ Lanes.SIGNS;
                lanes += (word & EVEN_LANES) + ((word >> 32) & EVEN_LANES);
            }
            return int256((lanes * ONES_64) >> 192) - int256((row.length / 4) << 31);
        }
    }
}
