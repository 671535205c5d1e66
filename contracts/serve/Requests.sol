// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {F32, Geometry, I32, LEAF_BYTES, U32} from "../claim/referee/Geometry.sol";
import {Openings} from "../claim/referee/Openings.sol";

/// @title The roots of what the continuation of a run is asked and gives. Twin: engine/decoding.
/// @dev A request is a state of one group: tokens u32 [context], and of one element each last u32, temperature f32, topP f32,
/// draw i32. Loops are bounded by the context, which the run has bound.
library Requests {
    uint256 private constant SLOTS = 8; // five, padded

    /// @notice Of the request for the token after the first `known` ones, at least one and at most `context`.
    /// @param tokens one byte each, at least `known`
    /// @param temperature as the bits of a binary32
    /// @param topP likewise
    function root(
        bytes calldata tokens,
        uint256 known,
        uint256 context,
        uint32 temperature,
        uint32 topP,
        bytes32 seed
    ) internal view returns (bytes32) {
        bytes32[] memory slots = _empty(SLOTS);
        slots[0] = _tokens(tokens, known, context);
        slots[1] = _single(U32, uint32(known - 1));
        slots[2] = _single(F32, temperature);
        slots[3] = _single(F32, topP);
        slots[4] = _single(I32, _draw(seed, uint32(known)));
        return _fold(slots);
    }

    /// @notice Of a token as the result has it.
    function token(bytes1 value) internal view returns (bytes32) {
        return _single(I32, uint8(value));
    }

    /// @dev What nobody can choose once the seed is known: 24 bits.
    function _draw(bytes32 seed, uint32 position) private view returns (uint32) {
        return uint32(bytes4(Openings.hash(abi.encodePacked("swarmlock/draw", seed, position)))) >> 8;
    }

    /// @dev Zeros after what is known.
    function _tokens(bytes calldata tokens, uint256 known, uint256 context) private view returns (bytes32) {
        uint256 count = Math.ceilDiv(4 * context, LEAF_BYTES);
        bytes32[] memory leaves = _empty(uint256(1) << Geometry.depthOf(count));
        for (uint256 leaf = 0; leaf < count; ++leaf) {
            uint256 first = (leaf * LEAF_BYTES) / 4;
            bytes memory data = new bytes(Math.min(LEAF_BYTES, 4 * (context - first)));
            uint256 end = Math.min(known, first + data.length / 4);
            for (uint256 i = first; i < end; ++i) data[4 * (i - first)] = tokens[i];
            leaves[leaf] = _leaf(data);
        }
        return _tensor(U32, uint32(context), _fold(leaves));
    }

    /// @dev A tensor of one element.
    function _single(uint8 dtype, uint32 bits) private view returns (bytes32) {
        bytes memory data = new bytes(4);
        for (uint256 i = 0; i < 4; ++i) data[i] = bytes1(uint8(bits >> (8 * i)));
        return _tensor(dtype, 1, _leaf(data));
    }

    function _tensor(uint8 dtype, uint32 extent, bytes32 tree) private view returns (bytes32) {
        uint32[] memory extents = new uint32[](1);
        extents[0] = extent;
        return Openings.tensorRoot(dtype, extents, tree);
    }

    function _leaf(bytes memory data) private view returns (bytes32) {
        return Openings.hash(abi.encodePacked(uint8(0), uint32(data.length), data));
    }

    function _empty(uint256 size) private pure returns (bytes32[] memory nodes) {
        nodes = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) nodes[i] = Openings.EMPTY;
    }

    /// @dev Root of a whole tree of 2^k nodes, which are written over.
    function _fold(bytes32[] memory nodes) private view returns (bytes32) {
        for (uint256 size = nodes.length; size > 1; size >>= 1) {
            for (uint256 i = 0; i < size; i += 2) nodes[i >> 1] = Openings.hashNode(nodes[i], nodes[i + 1]);
        }
        return nodes[0];
    }
}
