// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGameFactory} from "../../../contracts/claim/IGameFactory.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {Duration} from "../../../contracts/types/Time.sol";
import {vm} from "./Vm.sol";

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

/// @dev Makes scripted games beside real verdicts.
contract ScriptedGameFactory is IGameFactory {
    function create(
        address stake,
        address claims,
        address runs,
        Duration
    ) external returns (address game, address verdicts) {
        // From the artifact: a test that contained the code would be compiled with all of it.
        bytes memory code = bytes.concat(
            vm.getCode("contracts/claim/Verdicts.sol:Verdicts"),
            abi.encode(stake, claims, runs)
        );
        assembly ("memory-safe") {
            verdicts := create(0, add(code, 32), mload(code))
        }
        game = address(new ScriptedGame(IClaims(claims)));
    }
}
