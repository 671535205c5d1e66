// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node} from "./Descriptor.sol";
import {F32, I32, TensorType} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Opened, Operands} from "./Operands.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @title reduce_max and sum_i32, along the last axis. Twins: engine/ops/reduce_max.ts, engine/ops/sum_i32.ts.
library Reductions {
    uint256 private constant MAX_REDUCTION = 1024;

    /// @notice The largest value of a row. Among values, none of which is -0, order is that of the bits with the sign
    /// turned, and all bits of a negative one.
    function reduceMax(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        if (!_applies(node.result, operand.tensor, F32)) return IReferee.Finding({fault: true, bits: 0});
        bytes memory row = operand.row(leaves, element);
        uint256 length = _length(operand);
        uint32 largest = 0;
        for (uint256 i = 0; i < length; i++) {
            uint32 bits = _wordAt(row, i);
            if (!Operands.isValueOf(F32, bits)) return IReferee.Finding({fault: true, bits: 0});
            uint32 rank = bits < 0x80000000 ? bits | 0x80000000 : ~bits;
            if (rank > largest) largest = rank;
        }
        return IReferee.Finding({fault: false, bits: largest < 0x80000000 ? ~largest : largest & 0x7fffffff});
    }

    /// @notice The sum of a row; a fault if it is no i32.
    function sumI32(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        if (!_applies(node.result, operand.tensor, I32)) return IReferee.Finding({fault: true, bits: 0});
        bytes memory row = operand.row(leaves, element);
        uint256 length = _length(operand);
        int256 sum = 0;
        unchecked {
            for (uint256 i = 0; i < length; i++) sum += int32(_wordAt(row, i));
        }
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

    function _wordAt(bytes memory row, uint256 index) private pure returns (uint32 word) {
        assembly ("memory-safe") {
            word := shr(224, mload(add(add(row, 32), shl(2, index))))
        }
        return Operands.littleEndian(word);
    }
}
