// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {WHOLE} from "../credit/Whole.sol";
import {Root} from "../types/Root.sol";
import {Duration, Instant, now_} from "../types/Time.sol";
import {IRunLimits} from "./IRunLimits.sol";
import {ParameterOutOfRange, RunParameters} from "./RunParameters.sol";

/// @title RunLimits
/// @notice The manual is {IRunLimits}.
contract RunLimits is IRunLimits {
    /// @inheritdoc IRunLimits
    function requireValid(RunParameters calldata p, Duration longestWindow) external view {
        uint256 longest = Duration.unwrap(longestWindow);
        _within("recipeRoot", uint256(Root.unwrap(p.recipeRoot)), 1, type(uint256).max);
        _within("genesisRoot", uint256(Root.unwrap(p.genesisRoot)), 1, type(uint256).max);
        _within("programsRoot", uint256(Root.unwrap(p.programsRoot)), 1, type(uint256).max);
        _within("opensAt", Instant.unwrap(p.opensAt), 0, uint256(Instant.unwrap(now_())) + 365 days);
        _within("plannedTokens", p.plannedTokens, 1, type(uint64).max);
        _within("tokensPerSegment", p.tokensPerSegment, 1, p.plannedTokens);
        _within("shareSupply", p.shareSupply, 1, type(uint96).max);
        _within("ownersShare", p.ownersShare, 0, WHOLE);
        _within("royalty", p.royalty, 0, 3_000);
        _within("lambda", p.lambda, 0.01e18, 10e18);
        _within("commitWindow", Duration.unwrap(p.commitWindow), 1, 365 days);
        _within("auditWindow", Duration.unwrap(p.auditWindow), 1, 365 days);
        _within("aggregateWindow", Duration.unwrap(p.aggregateWindow), 1, 365 days);
        _within("challengeWindow", Duration.unwrap(p.challengeWindow), 1, longest);
        _within("aggregateChallengeWindow", Duration.unwrap(p.aggregateChallengeWindow), 1, longest);
        _within("segments", p.segments, 1, 16);
        _within("minSegments", p.minSegments, 1, p.segments);
        _within("epochRounds", p.epochRounds, 1, 64);
        _within("auditRate", p.auditRate, 1, 10_000);
        _within("maxMembers", p.maxMembers, 1, 255);
        _within("minMiners", p.minMiners, 1, p.maxMembers);
        _within("committeeSeats", p.committeeSeats, 1, 31);
        _within("committeeNeeded", p.committeeNeeded, p.committeeSeats / 2 + 1, p.committeeSeats);
        _within("minerBond", p.minerBond, 1, type(uint128).max);
        _within("serviceDeposit", p.serviceDeposit, 1, type(uint128).max);
        _within("dutyDeposit", p.dutyDeposit, 1, type(uint128).max);
        _within("aggregateBond", p.aggregateBond, 1, type(uint128).max);
        _within("challengeBond", p.challengeBond, 1, type(uint128).max);
        _within("joinFloor", p.joinFloor, 1, type(uint128).max);
        _within("joinMultiplier", p.joinMultiplier, 1e18 + 1, 1_000e18);
        _within("joinHalfLife", Duration.unwrap(p.joinHalfLife), 1, 365 days);
    }

    function _within(bytes32 field, uint256 value, uint256 least, uint256 most) private pure {
        require(value >= least && value <= most, ParameterOutOfRange(field, value, least, most));
    }
}
