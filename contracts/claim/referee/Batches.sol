// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BatchPosition} from "../../data/BatchPosition.sol";
import {Root} from "../../types/Root.sol";
import {Node} from "./Descriptor.sol";
import {Geometry, Leaves, U32} from "./Geometry.sol";
import {IReferee} from "./IReferee.sol";
import {Openings} from "./Openings.sol";
import {Operands} from "./Operands.sol";

/// @title load_batch: the token of the dataset that a row and a column of a member's batch are.
/// Twins: engine/ops/load_batch.ts, engine/data/batch.ts, engine/data/shards.ts.
library Batches {
    /// @dev A shard of 1,024 leaves is a subtree, the last one padded.
    uint256 private constant SHARD_LEAVES = 1024;
    uint256 private constant SHARD_DEPTH = 10;

    /// @dev The result is as many rows as the batch has, each of the context and the token after it.
    function loadBatch(
        Node memory node,
        uint256 element,
        IReferee.Context calldata context,
        IReferee.Tokens calldata tokens
    ) internal view returns (IReferee.Finding memory) {
        // INVARIANT: the dataset is the run's
        if (Openings.datasetRoot(tokens) != Root.unwrap(context.dataset)) revert IReferee.TokensNotUnderRoot();
        uint32[] memory extents = node.result.extents;
        if (node.result.dtype != U32 || extents.length != 2 || tokens.trainTokens < extents[1]) {
            return IReferee.Finding({fault: true, bits: 0});
        }
        uint256 position = BatchPosition.position(
            context.seed,
            context.participant,
            context.step,
            uint32(element / extents[1]),
            tokens.trainTokens - (extents[1] - 1)
        );
        uint32 token = _tokenAt(position + (element % extents[1]), tokens);
        return IReferee.Finding({fault: !Operands.isValueOf(U32, token), bits: token});
    }

    function _tokenAt(uint256 position, IReferee.Tokens calldata tokens) private view returns (uint32) {
        uint256 size = bytesOfToken(tokens.vocabulary);
        Leaves memory leaves = Geometry.contiguous(tokens.trainTokens * size);
        uint256 shards = (leaves.count + SHARD_LEAVES - 1) / SHARD_LEAVES;
        (uint256 leaf, uint256 offset) = Geometry.locate(leaves, position * size);
        bytes calldata data = tokens.leaf.data;
        bytes32[] calldata siblings = tokens.leaf.siblings;
        // INVARIANT: the leaf is the one that holds the token
        if (
            data.length != Geometry.lengthOf(leaves, leaf) ||
            siblings.length != SHARD_DEPTH + Geometry.depthOf(shards) ||
            Openings.rootOf(Openings.hashLeaf(data), leaf, siblings) != tokens.trainRoot
        ) revert IReferee.TokensNotUnderRoot();
        uint32 word = uint32(bytes4(data[offset:offset + size]));
        return Operands.littleEndian(word);
    }

    /// @notice Bytes of a token: 1 up to a vocabulary of 256, 2 up to 65,536, else 4. Twin: engine/data/tokenizer.ts.
    function bytesOfToken(uint32 vocabulary) internal pure returns (uint256) {
        if (vocabulary <= 1 << 8) return 1;
        return vocabulary <= 1 << 16 ? 2 : 4;
    }
}
