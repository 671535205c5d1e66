// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGameFactory} from "../../../contracts/claim/IGameFactory.sol";
import {place, placeOf} from "../../../contracts/Place.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {Duration} from "../../../contracts/types/Time.sol";

/// @dev A game that challenges and decides as it is told.
contract ScriptedGame {
    IClaims private immutable _claims;

    constructor(IClaims claims) {
        _claims = claims;
    }

    function challenge(ClaimId id, bytes32 word, address challenger) external {
        _claims.challenge(id, word, challenger);
    }

    function void(ClaimId id, address winner) external {
        _claims.void(id, winner);
    }

    function uphold(ClaimId id, address challenger) external {
        _claims.uphold(id, challenger);
    }

    function releaseChallenge(ClaimId id, address challenger) external {
        _claims.releaseChallenge(id, challenger);
    }
}

contract ScriptedGameFactory is IGameFactory {
    function create(address, address claims, address, address, Duration) external returns (address game) {
        return place(initCode(claims));
    }

    function addressOf(address, address claims, address, address, Duration) external view returns (address game) {
        return placeOf(initCode(claims));
    }

    function initCode(address claims) private pure returns (bytes memory) {
        return bytes.concat(type(ScriptedGame).creationCode, abi.encode(claims));
    }
}
