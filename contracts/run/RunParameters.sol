// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Root} from "../types/Root.sol";
import {Duration, Instant} from "../types/Time.sol";

/// @notice Everything a run is, fixed for ever when it is created. The order puts what a round needs in one word, and what
/// a join needs in another.
/// @param recipeRoot the root of the recipe document
/// @param genesisRoot the root of the first global state (the params subtree)
/// @param datasetRoot the root of the dataset
/// @param programsRoot what the run computes: the hash of its {RunPrograms}
/// @param opensAt when the first round opens; until then members enlist
/// @param plannedTokens T: verified tokens at which every share has been earned
/// @param shareSupply S: the cap of the share token, in its smallest unit
/// @param ownersShare what the owners get of the credits that are spent, out of 1e6; the servers get the rest. Audits and
/// insurance have no rule yet by which anyone could claim, so they have no part
/// @param royalty what a run that starts from a state of this one gives its owners of all its shares, in basis points; at most
/// 3,000
/// @param lambda curvature of the share curve, 1e18 = 1: the first token earns e times the last
/// @param joinHalfLife the time in which the joining price comes half the way back to the floor
/// @param joinMultiplier a join multiplies the price by this, 1e18 = 1; more than 1, at most 1,000
/// @param maxMembers indices in use at one time, 1 to 255
/// @param minMiners enlisted miners without whom no round begins, 1 to `maxMembers`
/// @param tokensPerSegment verified tokens in one segment of an accepted round: its steps * rows * context
/// @param commitWindow OPEN lasts this long at most
/// @param auditWindow from the beacon on, how long validators have
/// @param aggregateWindow from the audit's end on, how long anyone may claim the aggregate
/// @param challengeWindow of a miner's round from the end of its epoch on, of a verdict from its reveal on
/// @param aggregateChallengeWindow of an aggregate from its post on; the next round waits for it
/// @param segments of a whole round, 1 to 16: the most segment roots in a commit
/// @param epochRounds E, 1 to 64: local state is reset every E rounds and their claims become final together
/// @param auditRate q: probability of being drawn, in basis points, 1 at least; pay vests over 1 / q rounds, rounded up
/// @param probationRounds first rounds of a seat in which it is always drawn
/// @param minSegments the fewest segment roots in a commit, 1 to `segments`: a slower miner may stop there
/// @param committeeSeats members that are drawn in each round to say whose payloads they have received, 1 to 31
/// @param committeeNeeded of so many seats, how many must have received a payload; more than half of them
/// @param parent the run of which `genesisRoot` is a registered state; zero when it is of none
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
    uint32 ownersShare;
    uint16 royalty;
    uint64 lambda;
    Duration joinHalfLife;
    uint128 joinMultiplier;
    uint16 maxMembers;
    uint16 minMiners;
    uint64 tokensPerSegment;
    Duration commitWindow;
    Duration auditWindow;
    Duration aggregateWindow;
    Duration challengeWindow;
    Duration aggregateChallengeWindow;
    uint8 segments;
    uint8 epochRounds;
    uint16 auditRate;
    uint8 probationRounds;
    uint8 minSegments;
    uint8 committeeSeats;
    uint8 committeeNeeded;
    uint64 parent;
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

/// @notice A parameter is outside its range, named by its field.
error ParameterOutOfRange(bytes32 field, uint256 value, uint256 least, uint256 most);
