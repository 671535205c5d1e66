// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Node} from "./Descriptor.sol";
import {F32, Geometry, I8, TensorType} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Lanes} from "./Lanes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Shapes} from "./Shapes.sol";
import {SoftFloat} from "./SoftFloat.sol";

using Operands for Opened;

/// @title The operators on chunks of an update, within rows. Twins: engine/ops, a file of each name.
/// @dev Rows of 1,024 at most. A row of a mask is read 32 elements at a time, one of f32 eight.
library Updates {
    uint256 private constant MAX_CHUNK = 1024;
    uint256 private constant MAX_LANES = 256;
    uint256 private constant MAX_POSITIONS = 1 << 24;

    /// @dev One in each byte.
    uint256 private constant BYTES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    /// @dev The number 1 in each lane.
    uint256 private constant UNITS = Lanes.ONES * 0x3f800000;

    /// @notice Whether an element is one of the k of its row that are largest in magnitude, of equal ones the first.
    function topkChunk(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        int256 k = node.attributes[0];
        uint256 n = Geometry.lastExtent(node.result.extents);
        if (!_isRowwise(node.result, I8, operand.tensor, MAX_CHUNK)) return _fault();
        if (k < 1 || k > int256(n)) return _fault();
        (bool haveValues, uint256 ahead) = _ahead(operand.row(leaves, element / n), n, element % n);
        if (!haveValues) return _fault();
        return IReferee.Finding({fault: false, bits: int256(ahead) < k ? 1 : 0});
    }

    /// @notice The elements of a row that a mask sets, and then the others.
    function packChunk(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory) {
        if (!_isPaired(node.result, operands, I8)) return _fault();
        uint256 n = Geometry.lastExtent(operands[0].tensor.extents);
        uint256 k = Geometry.lastExtent(node.result.extents);
        if (n > MAX_CHUNK || k > n || node.attributes[0] != int256(k)) return _fault();
        bytes memory mask = operands[1].row(evidence[1].leaves, element / k);
        (bool isMask, uint256 position) = _placeOf(mask, element % k);
        if (!isMask) return _fault();
        return _read(operands[0], evidence[0].leaves, (element / k) * n + position);
    }

    /// @notice The value at a position of a row, zero where there is none.
    function scatterChunk(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory) {
        if (!_isPaired(node.result, operands, F32)) return _fault();
        uint256 k = Geometry.lastExtent(operands[0].tensor.extents);
        uint256 n = Geometry.lastExtent(node.result.extents);
        if (k < 1 || k > MAX_CHUNK || n > MAX_POSITIONS || node.attributes[0] != int256(n)) return _fault();
        bytes memory positions = operands[1].row(evidence[1].leaves, element / n);
        (bool areAscending, uint256 found) = _indexOf(positions, k, n, element % n);
        if (!areAscending) return _fault();
        if (found < k) return _read(operands[0], evidence[0].leaves, (element / n) * k + found);
        operands[0].requireLeaves(evidence[0].leaves, 0);
        return IReferee.Finding({fault: false, bits: 0});
    }

    /// @notice The element of a rank in its row, the smallest first.
    function sortLanes(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        if (!_isRowwise(node.result, F32, operand.tensor, MAX_LANES)) return _fault();
        uint256 n = Geometry.lastExtent(node.result.extents);
        (bool haveValues, uint32 bits) = _ofRank(operand.row(leaves, element / n), n, element % n);
        if (!haveValues) return _fault();
        return IReferee.Finding({fault: false, bits: bits});
    }

    /// @dev Rows of f32, and a result of the same shape.
    function _isRowwise(
        TensorType memory result,
        uint8 dtype,
        TensorType memory operand,
        uint256 longest
    ) private pure returns (bool) {
        if (result.dtype != dtype || operand.dtype != F32 || !Shapes.same(operand.extents, result.extents))
            return false;
        return result.extents.length > 0 && Geometry.lastExtent(result.extents) <= longest;
    }

    /// @dev Rows of f32 and as long ones of another type, and a result of rows of f32.
    function _isPaired(TensorType memory result, Opened[] memory operands, uint8 other) private pure returns (bool) {
        TensorType memory first = operands[0].tensor;
        TensorType memory second = operands[1].tensor;
        uint256 rank = result.extents.length;
        if (result.dtype != F32 || first.dtype != F32 || second.dtype != other || rank == 0) return false;
        return Shapes.sameBut(first.extents, result.extents, rank - 1) && Shapes.same(first.extents, second.extents);
    }

    /// @dev How many come before an element: larger ones anywhere, equal ones if they are earlier. Of eight magnitudes
    /// those count that are at least what is asked of their lane: their top bits survive the subtraction.
    function _ahead(bytes memory row, uint256 n, uint256 index) private pure returns (bool haveValues, uint256) {
        unchecked {
            uint256 own = ((Lanes.load(row, index) >> 224) & 0x7fffffff) * Lanes.ONES;
            uint256 counts = 0;
            haveValues = true;
            for (uint256 i = 0; i < n; i += 8) {
                uint256 word = Lanes.load(row, i);
                haveValues = haveValues && Lanes.areValues(word);
                uint256 notEarlier = Lanes.ONES >> (32 * Math.saturatingSub(index, i));
                counts += (((word | Lanes.SIGNS) - (own + notEarlier)) >> 31) & Lanes.ONES;
            }
            return (haveValues, Lanes.sum(counts));
        }
    }

    /// @dev Where the element stands that comes to a place; a mask holds zeros and ones alone.
    function _placeOf(bytes memory mask, uint256 place) private pure returns (bool isMask, uint256 position) {
        unchecked {
            (uint256 set, uint256 seen) = (0, 0);
            for (uint256 i = 0; i < mask.length; i += 32) {
                uint256 word = _bytesAt(mask, i);
                seen |= word;
                set += (word * BYTES) >> 248;
            }
            if (seen & ~BYTES != 0) return (false, 0);
            // Behind those that are set come those that are not, which the turned mask sets.
            (uint256 left, uint256 turned) = place < set ? (place, 0) : (place - set, BYTES);
            for (; position < mask.length; position += 32) {
                uint256 word = _bytesAt(mask, position) ^ turned;
                uint256 count = (word * BYTES) >> 248;
                if (left < count) return (true, position + _nth(word, left));
                left -= count;
            }
        }
    }

    /// @dev Which byte of a word of zeros and ones is a one behind `left` others.
    function _nth(uint256 word, uint256 left) private pure returns (uint256 index) {
        unchecked {
            for (; index < 32; index++) {
                uint256 bit = (word >> (248 - 8 * index)) & 1;
                if (bit > left) return index;
                left -= bit;
            }
        }
    }

    /// @dev Which of k positions is `position`, k if none is. They are integers below n and ascend, as their bits do, so
    /// that as many are before it as are below it.
    function _indexOf(
        bytes memory positions,
        uint256 k,
        uint256 n,
        uint256 position
    ) private pure returns (bool areAscending, uint256) {
        uint256 wanted = SoftFloat.fromInteger(int256(position)) * Lanes.ONES;
        uint256 end = SoftFloat.fromInteger(int256(n)) * Lanes.ONES;
        (uint256 flaws, uint256 least, uint256 notBelow, uint256 above) = (0, 0, 0, 0);
        unchecked {
            for (uint256 i = 0; i < k && flaws == 0; i += 8) {
                uint256 word = Lanes.load(positions, i);
                // What fills the last word up does not count.
                uint256 real = ~(type(uint256).max >> (32 * (k - i))) & Lanes.SIGNS;
                uint256 signed = word | Lanes.SIGNS;
                // Each is at least one more than the one before it.
                uint256 leasts = ((word >> 32) + (Lanes.ONES >> 32)) | (least << 224);
                flaws |= (word | (signed - end) | ~(signed - leasts)) & real;
                // None lies between 0 and 1.
                flaws |= (signed - Lanes.ONES) & ~(signed - UNITS) & Lanes.SIGNS;
                // The first lane is the smallest: what is no fraction there is none in others, which is cheaper to see.
                uint256 fraction = ((1 << (150 - (word >> 247))) - 1) & 0x007fffff;
                if (word & (fraction * Lanes.ONES) != 0) flaws |= _fractions(word);
                notBelow += ((signed - wanted) & real) >> 31;
                above += ((signed - wanted - Lanes.ONES) & real) >> 31;
                least = (word + 1) & 0xffffffff;
            }
            areAscending = flaws == 0;
            return (areAscending, notBelow == above ? k : k - Lanes.sum(notBelow));
        }
    }

    /// @dev Not zero if a lane is no integer: of a number from 2^e to 2^(e + 1) the last 23 - e bits are its fraction.
    function _fractions(uint256 word) private pure returns (uint256 flaws) {
        unchecked {
            for (; word != 0; word <<= 32) {
                uint256 bits = word >> 224;
                flaws |= bits & ((1 << (150 - (bits >> 23))) - 1);
            }
        }
    }

    /// @dev Decided bit by bit: the largest number below which there are no more than `rank` elements.
    function _ofRank(bytes memory row, uint256 n, uint256 rank) private pure returns (bool haveValues, uint32) {
        (uint256[] memory ranks, uint256 notNegative) = (new uint256[]((n + 7) / 8), 0);
        haveValues = true;
        unchecked {
            for (uint256 i = 0; i < ranks.length; i++) {
                uint256 word = Lanes.load(row, 8 * i);
                haveValues = haveValues && Lanes.areValues(word);
                // What fills the last word up ranks above all.
                ranks[i] = Lanes.ranks(word) | (type(uint256).max >> (32 * (n - 8 * i)));
                notNegative += (ranks[i] >> 31) & Lanes.ONES;
            }
            bool isNegative = rank + Lanes.sum(notNegative) < 8 * ranks.length;
            // Of the other sign all become smallest, or largest, so that 31 bits are left and one to compare with.
            for (uint256 i = 0; i < ranks.length; i++) {
                uint256 others = ((ranks[i] >> 31) & Lanes.ONES) * 0xffffffff;
                ranks[i] = (isNegative ? ranks[i] | others : ranks[i] & others) | Lanes.SIGNS;
            }
            uint256 found = 0;
            for (uint256 bit = 1 << 30; bit > 0; bit >>= 1) {
                uint256 below = 8 * ranks.length - _notBelow(ranks, found | bit);
                if (below <= rank) found |= bit;
            }
            return (haveValues, isNegative ? ~uint32(found) : uint32(found));
        }
    }

    /// @dev How many lanes, whose signs are set, are at least this in their lower 31 bits.
    function _notBelow(uint256[] memory ranks, uint256 least) private pure returns (uint256) {
        (uint256 counts, uint256 ones, uint256 each) = (0, Lanes.ONES, least * Lanes.ONES);
        assembly ("memory-safe") {
            let end := add(add(ranks, 32), shl(5, mload(ranks)))
            for {
                let place := add(ranks, 32)
            } lt(place, end) {
                place := add(place, 32)
            } {
                counts := add(counts, and(shr(31, sub(mload(place), each)), ones))
            }
        }
        return Lanes.sum(counts);
    }

    function _read(
        Opened memory operand,
        IReferee.Leaf[] calldata leaves,
        uint256 index
    ) private view returns (IReferee.Finding memory) {
        (bool isValue, uint32 bits) = operand.element(leaves, index);
        return isValue ? IReferee.Finding({fault: false, bits: bits}) : _fault();
    }

    function _bytesAt(bytes memory row, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(row, 32), index))
        }
    }

    function _fault() private pure returns (IReferee.Finding memory) {
        return IReferee.Finding({fault: true, bits: 0});
    }
}
