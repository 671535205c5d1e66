// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node} from "./Descriptor.sol";
import {I32, I8} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Opened, Operands} from "./Operands.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @title matmul_nt: the exact sum of the products of two rows of i8. Twin: engine/ops/matmul_nt.ts.
library Products {
    uint256 private constant MAX_CONTRACTION = 2048;

    /// @dev One bit, or all but one bit, or all bits, of each byte; and the low byte of each lane of 32 bits.
    uint256 private constant SIGNS = 0x8080808080808080808080808080808080808080808080808080808080808080;
    uint256 private constant REST = ~SIGNS;
    uint256 private constant LANES = 0x000000ff000000ff000000ff000000ff000000ff000000ff000000ff000000ff;
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;

    function matmulNt(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory) {
        if (!_applies(node, operands)) return IReferee.Finding({fault: true, bits: 0});
        uint256 rank = node.result.extents.length;
        (uint256 m, uint256 n) = (node.result.extents[rank - 2], node.result.extents[rank - 1]);
        bytes memory a = operands[0].row(evidence[0].leaves, element / n);
        bytes memory b = operands[1].row(evidence[1].leaves, (element / (m * n)) * n + (element % n));
        (bool areValues, int256 sum) = dot(a, b);
        return areValues ? IReferee.Finding(false, uint32(int32(sum))) : IReferee.Finding(true, 0);
    }

    function _applies(Node memory node, Opened[] memory operands) private pure returns (bool) {
        uint32[] memory a = operands[0].tensor.extents;
        uint32[] memory b = operands[1].tensor.extents;
        uint32[] memory result = node.result.extents;
        uint256 rank = result.length;
        if (node.result.dtype != I32 || operands[0].tensor.dtype != I8 || operands[1].tensor.dtype != I8) return false;
        if (rank < 2 || a.length != rank || b.length != rank) return false;
        uint256 k = a[rank - 1];
        if (k == 0 || k > MAX_CONTRACTION || b[rank - 1] != k) return false;
        if (a[rank - 2] != result[rank - 2] || b[rank - 2] != result[rank - 1]) return false;
        return Shapes.agree(a, result, rank - 2) && Shapes.agree(b, result, rank - 2);
    }

    /// @notice The dot product of two rows of i8 of the same length, a multiple of 32; at most MAX_CONTRACTION.
    /// @return areValues whether no element is -128
    /// @dev Bytes are shifted to u = a + 128 and v = b + 128 and cut into four phases of eight lanes of 32 bits. With the
    /// lanes of v in reverse order, lane 7 of the product of two such words is the sum of the products of their lanes; no
    /// lane reaches 2^32, so none spills into the next. Then sum a b = sum u v - 128 sum (u + v) + 128^2 n.
    function dot(bytes memory a, bytes memory b) internal pure returns (bool areValues, int256 sum) {
        uint256 products = 0;
        uint256 sums = 0;
        uint256 nonZero = SIGNS;
        unchecked {
            for (uint256 cursor = 32; cursor <= a.length; cursor += 32) {
                uint256 u;
                uint256 v;
                assembly ("memory-safe") {
                    u := xor(mload(add(a, cursor)), SIGNS)
                    v := xor(mload(add(b, cursor)), SIGNS)
                }
                // The top bit of a byte stays set only if the byte is not zero: zero is -128.
                nonZero &= (((u & REST) + REST) | u) & (((v & REST) + REST) | v);
                v = _reverseLanes(v);
                for (uint256 phase = 0; phase < 32; phase += 8) {
                    uint256 x = (u >> phase) & LANES;
                    uint256 y = (v >> phase) & LANES;
                    sums += x + y;
                    products += (x * y) >> 224;
                }
            }
            sums = (sums * ONES) >> 224;
            return (nonZero == SIGNS, int256(products) - int256(sums * 128) + int256(a.length * 128 * 128));
        }
    }

    function _reverseLanes(uint256 word) private pure returns (uint256) {
        uint256 odd = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        uint256 pairs = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        word = ((word & odd) << 32) | ((word >> 32) & odd);
        word = ((word & pairs) << 64) | ((word >> 64) & pairs);
        return (word << 128) | (word >> 128);
    }
}
