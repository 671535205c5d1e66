// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../types/Root.sol";
import {Duration, Instant, now_} from "../types/Time.sol";

/// @notice Everything a run is, fixed for ever when it is created. The order puts what a round needs in one word.
/// @param recipeRoot the root of the recipe document
/// @param genesisRoot the root of the first global state (the params subtree)
/// @param datasetRoot the root of the dataset
/// @param programsRoot what the run computes: the hash of its {RunPrograms}
/// @param opensAt when the first round opens; until then members enlist
/// @param plannedTokens T: verified tokens at which every share has been earned
/// @param shareSupply S: the cap of the share token, in its smallest unit
/// @param lambda curvature of the share curve, 1e18 = 1: the first token earns e times the last
/// @param joinHalfLife the time in which the joining price comes half the way back to the floor
/// @param joinMultiplier a join multiplies the price by this, 1e18 = 1; more than 1, at most 1,000
/// @param tokensPerClaim verified tokens in one accepted miner round: steps * rows * context
/// @param commitWindow OPEN lasts this long at most
/// @param auditWindow from the beacon on, how long validators have
/// @param aggregateWindow from the audit's end on, how long anyone may claim the aggregate
/// @param challengeWindow of an aggregate from its post on; of a miner's round from the end of its epoch on
/// @param segments segment roots in a commit, 1 to 16
/// @param epochRounds E, 1 to 8: local state is reset every E rounds and their claims become final together
/// @param probationRounds first rounds of a seat in which it is always drawn
/// @param auditRate q: probability of being drawn, in basis points, 1 at least; pay vests over 1 / q rounds, rounded up
/// @param maxMembers indices in use at one time, 1 to 255
/// @param committeeSeats members that are drawn in each round to say whose payloads they have received, 1 to 31
/// @param committeeNeeded of so many seats, how many must have received a payload; more than half of them
/// @param joinFloor the joining price when nobody has joined for long; not zero
/// @param minerBond locked for each commit
/// @param serviceDeposit locked while a miner has its seat; lost when it is drawn and does not serve
/// @param dutyDeposit locked while a validator has its seat
/// @param aggregateBond locked for each aggregate claim
/// @param challengeBond locked for each challenge
struct RunParameters {
    Root recipeRoot;
    Root genesisRoot;
    Root datasetRoot;
    Root programsRoot;
    Instant opensAt;
    uint64 plannedTokens;
    uint96 shareSupply;
    uint64 lambda;
    Duration joinHalfLife;
    uint128 joinMultiplier;
    uint64 tokensPerClaim;
    Duration commitWindow;
    Duration auditWindow;
    Duration aggregateWindow;
    Duration challengeWindow;
    uint8 segments;
    uint8 epochRounds;
    uint8 probationRounds;
    uint16 auditRate;
    uint16 maxMembers;
    uint8 committeeSeats;
    uint8 committeeNeeded;
    uint128 joinFloor;
    uint128 minerBond;
    uint128 serviceDeposit;
    uint128 dutyDeposit;
    uint128 aggregateBond;
    uint128 challengeBond;
}

/// @notice What a run is called; kept by its share token and in the `RunCreated` event.
/// @param name of the share token
/// @param symbol of the share token
/// @param uri where the recipe and other documents are found; content is checked against the roots
struct RunMetadata {
    string name;
    string symbol;
    string uri;
}

using {requireValid} for RunParameters global;

/// @notice A parameter is outside its range, named by its field.
error ParameterOutOfRange(bytes32 field, uint256 value, uint256 least, uint256 most);

/// @dev Bounds keep every later computation away from overflow and division by zero, and every window finite.
/// @param longestWindow of the claims contract
function requireValid(RunParameters calldata p, Duration longestWindow) view {
    uint256 longest = Duration.unwrap(longestWindow);
    _within("recipeRoot", uint256(Root.unwrap(p.recipeRoot)), 1, type(uint256).max);
    _within("genesisRoot", uint256(Root.unwrap(p.genesisRoot)), 1, type(uint256).max);
    _within("programsRoot", uint256(Root.unwrap(p.programsRoot)), 1, type(uint256).max);
    _within("opensAt", Instant.unwrap(p.opensAt), 0, uint256(Instant.unwrap(now_())) + 365 days);
    _within("plannedTokens", p.plannedTokens, 1, type(uint64).max);
    _within("tokensPerClaim", p.tokensPerClaim, 1, p.plannedTokens);
    _within("shareSupply", p.shareSupply, 1, type(uint96).max);
    _within("lambda", p.lambda, 0.01e18, 10e18);
    _within("commitWindow", Duration.unwrap(p.commitWindow), 1, 365 days);
    _within("auditWindow", Duration.unwrap(p.auditWindow), 1, 365 days);
    _within("aggregateWindow", Duration.unwrap(p.aggregateWindow), 1, 365 days);
    _within("challengeWindow", Duration.unwrap(p.challengeWindow), 1, longest);
    _within("segments", p.segments, 1, 16);
    _within("epochRounds", p.epochRounds, 1, 8);
    _within("auditRate", p.auditRate, 1, 10_000);
    _within("maxMembers", p.maxMembers, 1, 255);
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

function _within(bytes32 field, uint256 value, uint256 least, uint256 most) pure {
    require(value >= least && value <= most, ParameterOutOfRange(field, value, least, most));
}
