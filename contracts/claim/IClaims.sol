// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../types/ClaimId.sol";
import {Duration} from "../types/Time.sol";

/// @title Claims: post, window, challenge, finality.
/// @notice Everything that is paid is a claim with a bond locked for it alone. Silence makes it final. Anyone may
/// challenge it with a bond until then, by opening a game; an open challenge freezes it: it earns nothing and both bonds
/// stay locked. Every challenge is its own game, so a sham challenge keeps nobody else out. Only the game decides: it
/// voids the claim (claimant slashed) or upholds it (challenger slashed).
interface IClaims {
    /// @dev Temperature: STANDING is warm (time makes it FINAL); FROZEN is hot (the game moves it); the rest is cold.
    enum ClaimStatus {
        NONE, // never posted
        STANDING, // unchallenged, its window open
        FROZEN, // challenged
        FINAL, // unchallenged, its window closed
        VOIDED // lost a game; of a seat: its deposit is forfeited
    }

    /// @dev A challenge is open, or lost to the claimant, or closed (won, or given back after another one won).
    enum ChallengeStatus {
        NONE,
        OPEN,
        LOST,
        CLOSED
    }

    /// @notice A claim is posted by the contract that knows claims of its kind.
    error NotSource(address caller, address source);
    /// @notice Only the game challenges and decides.
    error NotGame(address caller, address game);
    /// @notice A claim is posted once.
    error AlreadyPosted(ClaimId id);
    error NotPosted(ClaimId id);
    /// @notice A seat's deposit secures service, no computation; there is nothing to recompute.
    error NotChallengeable(ClaimId id);
    /// @notice The challenge names another claim than the one that stands here (a re-org moved it).
    error WordMismatch(ClaimId id, bytes32 given, bytes32 posted);
    /// @notice Challenges are refused once the claim is voided or its window is closed.
    error WindowClosed(ClaimId id, ClaimStatus status);
    error AlreadyChallenged(ClaimId id, address challenger);
    error NotChallenging(ClaimId id, address challenger, ChallengeStatus status);
    error NotFinal(ClaimId id, ClaimStatus status);
    error AlreadyReleased(ClaimId id);
    error NotVoided(ClaimId id, ClaimStatus status);
    /// @notice Only the availability and the verdicts contract know who has not served.
    error NotForfeiting(address caller);
    /// @notice The deposit is forfeited already, or its seat has left and nothing can be held against it any more.
    error NotStanding(ClaimId id, ClaimStatus status);

    event Challenged(ClaimId indexed id, address indexed challenger, address indexed claimant, uint128 bond);
    event Voided(ClaimId indexed id, address indexed winner, address indexed claimant);
    event Upheld(ClaimId indexed id, address indexed loser, address indexed claimant);
    event Forfeited(ClaimId indexed id, address indexed claimant, uint128 bond);
    event Released(ClaimId indexed id, address indexed claimant, uint128 bond);
    event ChallengeReleased(ClaimId indexed id, address indexed challenger, uint128 bond);

    /// @notice Records a claim and locks its bond. Only its source, the verdicts contract for a verdict, the receipts
    /// contract for a pledge and the runs contract for all others; the source's event (`Committed`, `AggregateClaimed`, `Joined`,
    /// `VerdictRevealed`, `Pledged`) carries the claim.
    /// @param word the hash of everything claimed; never zero
    function post(ClaimId id, bytes32 word, address claimant, uint128 bond) external;

    /// @notice Challenges a claim, locking the run's challenge bond from the challenger's stake. Game only. One challenge
    /// per claim and challenger; challengers do not exclude each other.
    /// @param word the claim's word, so that a re-org cannot move the challenge onto another claim
    /// @param challenger whose stake it is, and whose game
    function challenge(ClaimId id, bytes32 word, address challenger) external;

    /// @notice Ends a claim that lost to `winner`: its bond is slashed. Game only.
    function void(ClaimId id, address winner) external;

    /// @notice Ends one challenge that lost: its bond is slashed to the claimant; with no other challenge open the claim
    /// stands again. Game only.
    function uphold(ClaimId id, address challenger) external;

    /// @notice Burns the deposit of a seat that has not served; the claim is voided by it. The availability and the verdicts
    /// contract only.
    function forfeit(ClaimId id) external;

    /// @notice Frees the bond of a final claim. Anyone may call.
    function release(ClaimId id) external;

    /// @notice Frees the bond of a challenge left open on a claim that another challenger voided. Game only, which ends the
    /// game.
    function releaseChallenge(ClaimId id, address challenger) external;

    function runs() external view returns (address);

    function stake() external view returns (address);

    /// @notice Who decides.
    function game() external view returns (address);

    /// @notice Where verdicts come from.
    function verdicts() external view returns (address);

    /// @notice Where pledges come from.
    function receipts() external view returns (address);

    /// @notice Where it is known who has not served, of miners; of validators `verdicts` knows it.
    function availability() external view returns (address);

    /// @notice No run may have a longer challenge window; stake unbonds no faster.
    function longestWindow() external view returns (Duration);

    /// @notice The hash of everything claimed, zero when nothing is.
    function wordOf(ClaimId id) external view returns (bytes32);

    function statusOf(ClaimId id) external view returns (ClaimStatus);

    /// @notice Whose claim it is; zero when nothing is claimed.
    function claimantOf(ClaimId id) external view returns (address);

    /// @notice Whether it has lost a game, or as a deposit is forfeited.
    function isVoided(ClaimId id) external view returns (bool);

    /// @notice Posted, unchallenged, and past its window.
    function isFinal(ClaimId id) external view returns (bool);

    function isReleased(ClaimId id) external view returns (bool);

    /// @notice How many challenges are open.
    function openChallengesOf(ClaimId id) external view returns (uint32);

    function challengeStatusOf(ClaimId id, address challenger) external view returns (ChallengeStatus);
}
