// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReferee} from "./IReferee.sol";

/// @title The hashes of commitments, and the walk from a leaf to its root. Twin: engine/commit.
/// @notice The first byte of every message says what it is, so a message of one kind is never read as another:
///
///     leaf    = SHA-256(0x00, u32 length, at most 1,024 bytes)
///     node    = SHA-256(0x01, left, right)
///     EMPTY   = SHA-256(0x02), which pads every tree to a power of two
///     tensor  = SHA-256(0x03, u8 element type, u8 rank, u32 extents, root of the leaves)
///     dataset = SHA-256(0x04, u32 vocabulary, u64 training tokens, u64 held-out tokens, their roots)
///
/// @dev A precompile that fails for lack of gas leaves old bytes where its result should be. So every call is checked
/// for success and for the size of what it returned, and reverts with HashFailed: gas cannot change a verdict.
library Openings {
    bytes32 internal constant EMPTY = 0xdbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986;

    /// @dev Callers bound the length: a leaf has at most LEAF_BYTES.
    function hashLeaf(bytes calldata data) internal view returns (bytes32 digest) {
        bool isDone;
        assembly ("memory-safe") {
            // The word of the length ends with 0x00 and a u32, which is how the message starts.
            let free := mload(0x40)
            mstore(free, data.length)
            calldatacopy(add(free, 32), data.offset, data.length)
            isDone := staticcall(gas(), 2, add(free, 27), add(data.length, 5), 0, 32)
            isDone := and(isDone, eq(returndatasize(), 32))
            digest := mload(0)
        }
        if (!isDone) revert IReferee.HashFailed();
    }

    function hashNode(bytes32 left, bytes32 right) internal view returns (bytes32 digest) {
        bool isDone;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 1)
            mstore(add(free, 32), left)
            mstore(add(free, 64), right)
            isDone := staticcall(gas(), 2, add(free, 31), 65, 0, 32)
            isDone := and(isDone, eq(returndatasize(), 32))
            digest := mload(0)
        }
        if (!isDone) revert IReferee.HashFailed();
    }

    /// @notice The root that a node, its index in its level and its siblings (from the bottom up) lead to.
    /// @dev Callers check that the index has no bit above the siblings: those are not looked at.
    function rootOf(bytes32 node, uint256 index, bytes32[] calldata siblings) internal view returns (bytes32 root) {
        bool isDone = true;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 1)
            root := node
            let end := add(siblings.offset, shl(5, siblings.length))
            for {
                let sibling := siblings.offset
            } lt(sibling, end) {
                sibling := add(sibling, 32)
            } {
                let isRight := shl(5, and(index, 1))
                mstore(add(add(free, 32), isRight), root)
                mstore(sub(add(free, 64), isRight), calldataload(sibling))
                isDone := and(isDone, staticcall(gas(), 2, add(free, 31), 65, 0, 32))
                isDone := and(isDone, eq(returndatasize(), 32))
                root := mload(0)
                index := shr(1, index)
            }
        }
        if (!isDone) revert IReferee.HashFailed();
    }

    /// @notice Whether a node is number `index` of its level of the tree under `root`.
    function isUnder(
        bytes32 root,
        bytes32 node,
        uint256 index,
        bytes32[] calldata siblings
    ) internal view returns (bool) {
        return index >> siblings.length == 0 && rootOf(node, index, siblings) == root;
    }

    /// @notice Root of a whole tree of 2^k nodes.
    /// @dev Callers check the number. Each level is written over the one below it: a pair is hashed with the byte before
    /// it, which belongs to what has been read already, and before the first pair to a word of its own.
    function rootOfChildren(bytes32[] calldata children) internal view returns (bytes32 root) {
        bool isDone = true;
        assembly ("memory-safe") {
            let level := add(mload(0x40), 32)
            let size := shl(5, children.length)
            calldatacopy(level, children.offset, size)
            for {} gt(size, 32) {
                size := shr(1, size)
            } {
                let target := level
                let end := add(level, size)
                for {
                    let pair := level
                } lt(pair, end) {
                    pair := add(pair, 64)
                } {
                    mstore8(sub(pair, 1), 1)
                    isDone := and(isDone, staticcall(gas(), 2, sub(pair, 1), 65, target, 32))
                    isDone := and(isDone, eq(returndatasize(), 32))
                    target := add(target, 32)
                }
            }
            root := mload(level)
        }
        if (!isDone) revert IReferee.HashFailed();
    }

    /// @dev Callers bound the rank: it is written as one byte.
    function tensorRoot(uint8 dtype, uint32[] memory extents, bytes32 tree) internal view returns (bytes32) {
        uint256 rank = extents.length;
        bytes memory message = new bytes(35 + 4 * rank);
        message[0] = 0x03;
        message[1] = bytes1(dtype);
        message[2] = bytes1(uint8(rank));
        assembly ("memory-safe") {
            // Each word is cut by the one after it, the last extent by the tree.
            let target := add(message, 35)
            for {
                let axis := 1
            } iszero(gt(axis, rank)) {
                axis := add(axis, 1)
            } {
                mstore(target, shl(224, mload(add(extents, shl(5, axis)))))
                target := add(target, 4)
            }
            mstore(target, tree)
        }
        return hash(message);
    }

    function datasetRoot(IReferee.Tokens calldata tokens) internal view returns (bytes32) {
        return
            hash(
                abi.encodePacked(
                    uint8(4),
                    tokens.vocabulary,
                    tokens.trainTokens,
                    tokens.heldOutTokens,
                    tokens.trainRoot,
                    tokens.heldOutRoot
                )
            );
    }

    function hash(bytes memory message) internal view returns (bytes32 digest) {
        bool isDone;
        assembly ("memory-safe") {
            isDone := staticcall(gas(), 2, add(message, 32), mload(message), 0, 32)
            isDone := and(isDone, eq(returndatasize(), 32))
            digest := mload(0)
        }
        if (!isDone) revert IReferee.HashFailed();
    }
}
