// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Geometry, MAX_RANK, F32, U32, TensorType} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";

/// @notice Where an operand comes from.
/// @param kind 1 an earlier node, 2 a tensor of an input state, 3 a constant
/// @param index of the node or the constant, or the place of the tensor in its state's tree
struct Source {
    uint8 kind;
    uint32 index;
}

/// @notice One application of an operator.
struct Node {
    uint16 opcode;
    TensorType result;
    int32[8] attributes;
    Source[] operands;
}

/// @title The 96 bytes of a node. Twin: engine/graph/descriptor.ts.
library Descriptor {
    uint8 internal constant NODE = 1;
    uint8 internal constant INPUT = 2;
    uint8 internal constant CONSTANT = 3;

    uint256 private constant BYTES = 96;
    uint256 private constant EXTENTS = 4;
    uint256 private constant ATTRIBUTES = 28;
    uint256 private constant OPERANDS = 60;
    uint256 private constant MAX_OPERANDS = 4;

    /// @dev The state of an input operand is for the caller: it says under which root each operand is opened.
    function decode(bytes calldata descriptor) internal pure returns (Node memory node) {
        node.result = typeOf(descriptor);
        node.opcode = uint16(bytes2(descriptor[0:2]));
        for (uint256 i = 0; i < 8; i++) node.attributes[i] = int32(wordAt(descriptor, ATTRIBUTES + 4 * i));
        uint256 count = 0;
        while (count < MAX_OPERANDS && descriptor[OPERANDS + 8 * count] != 0) count++;
        node.operands = new Source[](count);
        for (uint256 i = 0; i < count; i++) {
            uint8 kind = uint8(descriptor[OPERANDS + 8 * i]);
            // INVARIANT: the operand is of a kind that has a root
            if (kind > CONSTANT) revert IReferee.DescriptorInvalid();
            node.operands[i] = Source({kind: kind, index: wordAt(descriptor, OPERANDS + 8 * i + 4)});
        }
    }

    /// @notice Element type and shape of the node's result.
    function typeOf(bytes calldata descriptor) internal pure returns (TensorType memory result) {
        // INVARIANT: as long as every descriptor
        if (descriptor.length != BYTES) revert IReferee.DescriptorInvalid();
        uint256 rank = uint8(descriptor[3]);
        result.dtype = uint8(descriptor[2]);
        // INVARIANT: a type that tensors can have
        if (result.dtype < F32 || result.dtype > U32 || rank > MAX_RANK) revert IReferee.DescriptorInvalid();
        result.extents = new uint32[](rank);
        for (uint256 axis = 0; axis < rank; axis++) result.extents[axis] = wordAt(descriptor, EXTENTS + 4 * axis);
        // INVARIANT: no axis is empty
        if (Geometry.elements(result.extents) == 0) revert IReferee.DescriptorInvalid();
    }

    function wordAt(bytes calldata descriptor, uint256 offset) private pure returns (uint32) {
        return uint32(bytes4(descriptor[offset:offset + 4]));
    }
}
