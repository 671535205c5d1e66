// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cuts} from "./Cuts.sol";
import {IGame} from "./IGame.sol";

/// @title What the answer to a demand costs at most, as a transaction.
/// @notice Calldata at 40 gas a byte (EIP-7623) decides for the large ones. Upper bounds, measured in
/// test/solidity/game/GameGas.t.sol.
library ReplyGas {
    /// @dev One more root in the calldata: 32 bytes.
    uint256 private constant ROOT = 1_280;

    function most(IGame.Stage stage, uint8 height) internal pure returns (uint256) {
        if (stage == IGame.Stage.NODES || stage == IGame.Stage.CHUNKS) return 90_000 + _children(height);
        if (stage == IGame.Stage.TENSOR) return 110_000 + _children(height);
        if (stage == IGame.Stage.LEAF) return 130_000;
        if (stage == IGame.Stage.DRAWN) return 180_000;
        if (stage == IGame.Stage.INVOKE) return 380_000;
        if (stage == IGame.Stage.MARKS) return 450_000;
        if (stage == IGame.Stage.START) return 250_000;
        return 0;
    }

    function _children(uint8 height) private pure returns (uint256) {
        return ROOT << Cuts.levels(height);
    }
}
