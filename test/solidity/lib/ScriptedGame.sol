// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";

/// @dev A game that decides what it is told.
contract ScriptedGame {
    IClaims private _claims;

    function play(IClaims claims) external {
        _claims = claims;
    }

    function void(ClaimId id, address winner) external {
        _claims.void(id, winner);
    }

    function uphold(ClaimId id, address challenger) external {
        _claims.uphold(id, challenger);
    }
}
