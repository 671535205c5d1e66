// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../../types/Root.sol";
import {Descriptor, Source} from "./Descriptor.sol";
import {F32, Geometry, I8, Leaves, TensorType, U32} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Openings} from "./Openings.sol";

/// @notice An operand whose tensor root was found where the descriptor says.
/// @param number which operand it is, for errors
/// @param tree root of its leaves
struct Opened {
    uint256 number;
    TensorType tensor;
    bytes32 tree;
}

/// @title What an evaluator reads of its operands: verified against the roots, or the call reverts.
library Operands {
    /// @notice Opens the tensor of operand `number`, but none of its leaves.
    function open(
        uint256 number,
        Source memory source,
        IReferee.Context calldata context,
        IReferee.Operand calldata evidence
    ) internal view returns (Opened memory) {
        TensorType memory tensor = TensorType({dtype: evidence.dtype, extents: evidence.extents});
        // INVARIANT: a rank is one byte
        if (tensor.extents.length > type(uint8).max) revert IReferee.OperandNotUnderRoot(number);
        (bytes32 root, uint256 index) = _placeOf(number, source, context, evidence.siblings.length);
        bytes32 tensorRoot = Openings.tensorRoot(tensor.dtype, tensor.extents, evidence.tree);
        // INVARIANT: the operand is the one that the descriptor names
        if (!Openings.isUnder(root, tensorRoot, index, evidence.siblings)) revert IReferee.OperandNotUnderRoot(number);
        return Opened({number: number, tensor: tensor, tree: evidence.tree});
    }

    /// @notice The root that holds an operand, and where below it. No depth has to be known: a tensor's message starts
    /// with another byte than a node's, so a path of another length ends at nothing.
    function _placeOf(
        uint256 number,
        Source memory source,
        IReferee.Context calldata context,
        uint256 siblings
    ) private pure returns (bytes32 root, uint256 index) {
        if (source.kind == Descriptor.NODE) return (context.trace, source.index);
        if (source.kind == Descriptor.INPUT) return (context.inputs[number], source.index);
        // The constants are the second of four trees below the program root.
        // INVARIANT: the constant lies in that tree
        if (siblings < 2 || source.index >> (siblings - 2) != 0) revert IReferee.OperandNotUnderRoot(number);
        unchecked {
            return (Root.unwrap(context.program), (1 << (siblings - 2)) + source.index);
        }
    }

    /// @notice The one element at `index` of the flat tensor.
    /// @return isValue whether it is a value of its type
    /// @return bits the value; i8 with its sign extended
    function element(
        Opened memory self,
        IReferee.Leaf[] calldata opened,
        uint256 index
    ) internal view returns (bool isValue, uint32 bits) {
        Leaves memory leaves = Geometry.leavesOf(self.tensor);
        uint256 size = Geometry.bytesOf(self.tensor.dtype);
        (uint256 leaf, uint256 offset) = Geometry.locate(leaves, index * size);
        requireLeaves(self, opened, 1);
        _requireLeaf(self, leaves, leaf, 0, opened[0]);
        bytes calldata data = opened[0].data[offset:offset + size];
        if (self.tensor.dtype == I8) {
            int8 value = int8(uint8(data[0]));
            return (value != type(int8).min, uint32(int32(value)));
        }
        bits = littleEndian(uint32(bytes4(data)));
        return (isValueOf(self.tensor.dtype, bits), bits);
    }

    /// @notice The bytes of row `row`, as committed, and zeros up to a multiple of 32.
    /// @dev Callers bound the length of a row.
    function row(
        Opened memory self,
        IReferee.Leaf[] calldata opened,
        uint256 number
    ) internal view returns (bytes memory bytes_) {
        Leaves memory leaves = Geometry.leavesOf(self.tensor);
        uint256 length = Geometry.lastExtent(self.tensor.extents) * Geometry.bytesOf(self.tensor.dtype);
        (uint256 first, uint256 offset) = Geometry.locate(leaves, number * length);
        (uint256 last, ) = Geometry.locate(leaves, (number + 1) * length - 1);
        requireLeaves(self, opened, last - first + 1);
        bytes_ = new bytes((length + 31) & ~uint256(31));
        uint256 filled = 0;
        for (uint256 i = 0; i < opened.length; i++) {
            bytes calldata data = opened[i].data;
            _requireLeaf(self, leaves, first + i, i, opened[i]);
            uint256 taken = data.length - offset;
            if (taken > length - filled) taken = length - filled;
            assembly ("memory-safe") {
                calldatacopy(add(add(bytes_, 32), filled), add(data.offset, offset), taken)
            }
            filled += taken;
            offset = 0;
        }
    }

    function requireLeaves(Opened memory self, IReferee.Leaf[] calldata opened, uint256 expected) internal pure {
        // INVARIANT: the leaves that hold what is read, and no others
        if (opened.length != expected) revert IReferee.WrongLeaves(self.number, opened.length, expected);
    }

    function _requireLeaf(
        Opened memory self,
        Leaves memory leaves,
        uint256 index,
        uint256 number,
        IReferee.Leaf calldata opened
    ) private view {
        // INVARIANT: as long as its place demands, under the root, at its index
        if (
            opened.data.length != Geometry.lengthOf(leaves, index) ||
            opened.siblings.length != Geometry.depthOf(leaves.count) ||
            Openings.rootOf(Openings.hashLeaf(opened.data), index, opened.siblings) != self.tree
        ) revert IReferee.LeafNotUnderRoot(self.number, number);
    }

    /// @notice Whether these bits are a value: a finite binary32 that is not -0, a u32 below 2^31, any i32.
    function isValueOf(uint8 dtype, uint32 bits) internal pure returns (bool) {
        if (dtype == F32) return bits & 0x7f800000 != 0x7f800000 && bits != 0x80000000;
        return dtype != U32 || bits < 0x80000000;
    }

    /// @dev Reverses four bytes.
    function littleEndian(uint32 word) internal pure returns (uint32) {
        word = ((word & 0x00ff00ff) << 8) | ((word >> 8) & 0x00ff00ff);
        return (word << 16) | (word >> 16);
    }
}
