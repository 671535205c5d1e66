// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Node} from "./Descriptor.sol";
import {F32, Geometry, I32, I8, U32} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {BROADCAST, RESHAPE, SLICE, TRANSPOSE} from "./Opcodes.sol";
import {Opened, Operands} from "./Operands.sol";
import {Shapes} from "./Shapes.sol";

using Operands for Opened;

/// @title Operators that move data: each is a map from an index of the result to one of an operand.
/// @dev Every map first says whether the operator applies to its operands; it is computed only if it does.
library Movement {
    /// @notice reshape, transpose, slice, broadcast. Twins: engine/ops, a file of each name.
    function single(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        if (operand.tensor.dtype != node.result.dtype) return _fault();
        (bool applies, uint256 index) = _source(node, element, operand.tensor.extents);
        return applies ? _read(operand, leaves, index) : _fault();
    }

    /// @notice The second operand after the first along one axis. Twin: engine/ops/concat.ts.
    function concat(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory) {
        uint32[] memory a = operands[0].tensor.extents;
        uint32[] memory b = operands[1].tensor.extents;
        uint32[] memory result = node.result.extents;
        uint256 axis = _axis(node.attributes[0]);
        if (operands[0].tensor.dtype != node.result.dtype || operands[1].tensor.dtype != node.result.dtype) {
            return _fault();
        }
        if (!Shapes.sameBut(a, result, axis) || !Shapes.sameBut(b, result, axis)) return _fault();
        if (uint256(a[axis]) + b[axis] != result[axis]) return _fault();
        uint256[] memory position = Shapes.coordinates(element, result);
        uint256 read = position[axis] < a[axis] ? 0 : 1;
        if (read == 1) position[axis] -= a[axis];
        operands[1 - read].requireLeaves(evidence[1 - read].leaves, 0);
        return _read(operands[read], evidence[read].leaves, Shapes.flatIndex(position, read == 0 ? a : b));
    }

    /// @notice Rows of a table; an index outside it is a fault. Twin: engine/ops/gather.ts.
    function gather(
        Node memory node,
        uint256 element,
        Opened[] memory operands,
        IReferee.Operand[] calldata evidence
    ) internal view returns (IReferee.Finding memory) {
        uint32[] memory table = operands[0].tensor.extents;
        uint32[] memory index = operands[1].tensor.extents;
        uint32[] memory result = node.result.extents;
        if (operands[0].tensor.dtype != node.result.dtype || !_isIndex(operands[1])) return _fault();
        if (table.length == 0 || result.length != index.length + table.length - 1) return _fault();
        if (!Shapes.agree(index, result, index.length)) return _fault();
        uint256 width = 1;
        for (uint256 axis = 1; axis < table.length; axis++) {
            if (table[axis] != result[index.length + axis - 1]) return _fault();
            width *= table[axis];
        }
        (, uint32 row) = operands[1].element(evidence[1].leaves, element / width);
        // From 2^31 on an i32 is negative, and a u32 no value.
        if (row >= table[0] || row >= 0x80000000) return _fault();
        return _read(operands[0], evidence[0].leaves, row * width + (element % width));
    }

    /// @notice A new last axis with a one at the index, which must lie on it. Twin: engine/ops/one_hot.ts.
    function oneHot(
        Node memory node,
        uint256 element,
        Opened memory operand,
        IReferee.Leaf[] calldata leaves
    ) internal view returns (IReferee.Finding memory) {
        uint32[] memory index = operand.tensor.extents;
        uint32[] memory result = node.result.extents;
        uint8 dtype = node.result.dtype;
        if (!_isIndex(operand) || (dtype != F32 && dtype != I8)) return _fault();
        if (index.length == 0 || result.length != index.length + 1) return _fault();
        if (!Shapes.agree(index, result, index.length)) return _fault();
        uint256 classes = result[index.length];
        if (_axis(node.attributes[0]) != classes) return _fault();
        // An attribute is below 2^31, and so is an index that is below it.
        (, uint32 hot) = operand.element(leaves, element / classes);
        if (hot >= classes) return _fault();
        if (hot != element % classes) return IReferee.Finding({fault: false, bits: 0});
        return IReferee.Finding({fault: false, bits: dtype == F32 ? 0x3f800000 : 1});
    }

    function _source(
        Node memory node,
        uint256 element,
        uint32[] memory from
    ) private pure returns (bool applies, uint256 index) {
        uint32[] memory result = node.result.extents;
        if (node.opcode == RESHAPE) return (Geometry.elements(from) == Geometry.elements(result), element);
        uint256[] memory position = Shapes.coordinates(element, result);
        if (node.opcode == TRANSPOSE) (applies, position) = _transposed(node, position, from);
        else if (node.opcode == SLICE) applies = _slide(node, position, from);
        else if (node.opcode == BROADCAST) (applies, position) = _shrunk(result, position, from);
        if (applies) index = Shapes.flatIndex(position, from);
    }

    /// @dev Axis i of the result is axis attributes[i] of the operand.
    function _transposed(
        Node memory node,
        uint256[] memory position,
        uint32[] memory from
    ) private pure returns (bool applies, uint256[] memory source) {
        uint256 rank = position.length;
        if (from.length != rank) return (false, source);
        source = new uint256[](rank);
        uint256 seen = 0;
        for (uint256 i = 0; i < rank; i++) {
            uint256 axis = _axis(node.attributes[i]);
            if (axis >= rank || (seen >> axis) & 1 == 1 || from[axis] != node.result.extents[i]) return (false, source);
            seen |= 1 << axis;
            source[axis] = position[i];
        }
        return (true, source);
    }

    /// @dev Attributes are axis, start, length. Moves the position to where it is in the operand.
    function _slide(Node memory node, uint256[] memory position, uint32[] memory from) private pure returns (bool) {
        (int32 start, int32 length) = (node.attributes[1], node.attributes[2]);
        uint256 axis = _axis(node.attributes[0]);
        uint32[] memory result = node.result.extents;
        if (start < 0 || length < 1 || !Shapes.sameBut(from, result, axis)) return false;
        if (result[axis] != uint32(length) || uint256(uint32(start)) + uint32(length) > from[axis]) return false;
        position[axis] += uint32(start);
        return true;
    }

    /// @dev Drops leading axes that the operand lacks, and stays at 0 where its extent is 1.
    function _shrunk(
        uint32[] memory result,
        uint256[] memory position,
        uint32[] memory from
    ) private pure returns (bool applies, uint256[] memory source) {
        if (from.length > result.length) return (false, source);
        uint256 lead = result.length - from.length;
        source = new uint256[](from.length);
        for (uint256 axis = 0; axis < from.length; axis++) {
            if (from[axis] == result[axis + lead]) source[axis] = position[axis + lead];
            else if (from[axis] != 1) return (false, source);
        }
        return (true, source);
    }

    function _read(
        Opened memory operand,
        IReferee.Leaf[] calldata leaves,
        uint256 index
    ) private view returns (IReferee.Finding memory) {
        (bool isValue, uint32 bits) = operand.element(leaves, index);
        return isValue ? IReferee.Finding({fault: false, bits: bits}) : _fault();
    }

    /// @dev A negative attribute is no axis and no extent.
    function _axis(int32 attribute) private pure returns (uint256) {
        return attribute < 0 ? type(uint256).max : uint32(attribute);
    }

    function _isIndex(Opened memory operand) private pure returns (bool) {
        return operand.tensor.dtype == U32 || operand.tensor.dtype == I32;
    }

    function _fault() private pure returns (IReferee.Finding memory) {
        return IReferee.Finding({fault: true, bits: 0});
    }
}
