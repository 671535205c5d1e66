// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";

import {IRandomness} from "./IRandomness.sol";

/// @title The block hash as randomness, for development chains.
/// @notice A ticket is the height it was asked at; the answer is that block's hash, which includes its prevrandao and
/// which no transaction in the block can read. Who builds blocks can choose among them: not for a chain with money.
contract DevelopmentRandomness is IRandomness {
    /// @inheritdoc IRandomness
    function request() external view returns (uint64 ticket) {
        return uint64(block.number);
    }

    /// @inheritdoc IRandomness
    function read(uint64 ticket) external view returns (Draw draw, bytes32 value) {
        if (block.number <= ticket) return (Draw.PENDING, bytes32(0));
        bytes32 hash = Blockhash.blockHash(ticket);
        if (hash == bytes32(0)) return (Draw.LOST, bytes32(0));
        return (Draw.READY, keccak256(abi.encode(hash, ticket)));
    }

    /// @inheritdoc IRandomness
    function source() external pure returns (string memory) {
        return "development";
    }
}
