// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../types/ClaimId.sol";
import {RunMetadata, RunParameters} from "../run/RunParameters.sol";
import {Instant} from "../types/Time.sol";
import {ILineage} from "./ILineage.sol";

/// @title Who owns what a run makes.
/// @notice Shares accrue along M(n) = S (1 - e^(-lambda n / T)) / (1 - e^(-lambda)), n the verified tokens so far, at
/// most T, and S all shares less what a parent was given at genesis ({ILineage}). A settled round's budget is M(n_r) - M(n_(r-1)) plus what was carried over. A tenth of it, rounded down, is for
/// verdicts; the rest goes in equal parts to the segments of the accepted members, so that verified tokens are paid alike,
/// whoever's they are. What does not divide, and what voided claims would have earned, is carried to the next round. Miners
/// and validators pull.
///
/// Pay **vests**: a round's pay may be claimed once it is final and 1 / q later rounds of the run have settled, q being the
/// rate at which miners are drawn: after as many rounds a cheat has had to expect one audit. A miner that loses a game loses
/// all pay of its seat that had not vested when that claim was challenged, up to the round under way when it lost: so a
/// game that takes long takes nothing out of reach. A forfeited deposit takes as much, as of the round under way. While a claim of a seat is challenged, that pay stays where it is.
///
/// The tenth goes in equal parts to the verdicts that were **revealed** on the round: their number is known when it is settled,
/// and does not change. Without any it is carried over, and so is, when it is forfeited, the part of a verdict that is voided,
/// or that differs from another's on the same claim when nobody can challenge either any more. A verdict is paid to its
/// validator once it is final ({IVerdicts-standingOf}). It does not vest: each can be challenged in its own window, by
/// whoever recomputes what it says, and no draw has to come first.
/// Invariant: minted + still to be paid + carried = M(n), and M(T) = S.
interface IOwnership is ILineage {
    /// @dev Why a claim is or is not paid.
    enum PayStatus {
        UNEARNED, // not posted, or its round is not settled, or it was not accepted
        PENDING, // accepted; its window is open, or it has not vested
        FROZEN, // accepted; it or a claim it was built on is challenged, or another of the seat before it had vested
        CLAIMABLE, // accepted, final and vested
        PAID,
        FORFEITABLE, // accepted; it or a claim it was built on was voided, or another of the seat before it had vested
        FORFEITED // carried over
    }

    /// @notice A run's account.
    /// @param accrued M(n): shares given out to rounds so far
    /// @param carry not yet given to any member
    /// @param verifiedTokens n, at most T
    struct Ledger {
        uint96 accrued;
        uint96 carry;
        uint64 verifiedTokens;
    }

    /// @notice What a seat's work in a round has come to.
    /// @param owner of the seat
    /// @param isAccepted the seat served in the round and the applied aggregate has its payload
    /// @param segments of it
    /// @param isFrozen its claim is challenged, or an earlier accepted one of the epoch is, on which it was built
    /// @param isVoided its claim lost, or an earlier accepted one of the epoch did: unpaid, and not slashed for it
    /// @param finalAt when the claims of the epoch are final; `NEVER` while that is not known
    /// @param current the run's current round
    struct Earning {
        address owner;
        bool isAccepted;
        uint8 segments;
        bool isFrozen;
        bool isVoided;
        Instant finalAt;
        uint32 current;
    }

    /// @notice Only the runs contract opens, accrues, and tells what became of a claim.
    error NotRuns(address caller, address runs);
    error NotClaimable(ClaimId id, PayStatus status);
    error NotForfeitable(ClaimId id, PayStatus status);

    event SharesAccrued(
        uint64 indexed runId,
        uint32 indexed round,
        uint64 verifiedTokens,
        uint96 budget,
        uint96 payPerSegment,
        uint96 payPerVerdict,
        uint96 carry
    );
    event SharesClaimed(uint64 indexed runId, uint32 indexed round, address indexed owner, uint32 seat, uint96 amount);
    event SharesForfeited(uint64 indexed runId, uint32 indexed round, uint32 seat, uint96 amount);
    event VerdictSharesClaimed(
        uint64 indexed runId,
        uint32 indexed round,
        address indexed validator,
        ClaimId id,
        uint96 amount
    );
    event VerdictSharesForfeited(uint64 indexed runId, uint32 indexed round, ClaimId id, uint96 amount);

    /// @notice Creates a run's share token. Runs contract only.
    function open(
        uint64 runId,
        RunParameters calldata parameters,
        RunMetadata calldata metadata
    ) external returns (address shareToken);

    /// @notice Prepares a miner's seat, so that its first claim of shares costs no more than the others. Runs contract only.
    function enroll(uint64 runId, uint32 seat) external;

    /// @notice Gives a settled round its budget. Runs contract only.
    /// @param segments of the accepted members together, at least one
    /// @param tokens verified in them
    function accrue(uint64 runId, uint32 round, uint256 segments, uint256 tokens) external;

    /// @notice A miner's claim was challenged. Runs contract only.
    /// @param current the round under way
    function onFrozen(ClaimId work, uint32 current) external;

    /// @notice Its last open challenge was lost. Runs contract only.
    function onRestored(ClaimId work) external;

    /// @notice It lost, or a seat's deposit is forfeited. Runs contract only.
    /// @param current the round under way
    function onVoided(ClaimId id, uint32 current) external;

    /// @notice Mints what a seat has earned in these rounds to the seat's owner. Anyone may call. All or nothing.
    function claimShares(uint64 runId, uint32 seat, uint32[] calldata rounds) external returns (uint96 amount);

    /// @notice Carries the pay of a voided claim, of one built on it, or of one that a conviction took, over to the run's
    /// next round. Anyone may call.
    function forfeit(ClaimId id) external;

    /// @notice Mints what these verdicts have earned, each to its validator. Anyone may call. All or nothing.
    function claimVerdictShares(ClaimId[] calldata ids) external returns (uint96 amount);

    /// @notice Carries the pay of a verdict that is voided, or for ever contested, over to the run's next round. Anyone may call.
    function forfeitVerdict(ClaimId id) external;

    function verdicts() external view returns (address);

    function shareTokenFactory() external view returns (address);

    function shareTokenOf(uint64 runId) external view returns (address);

    function ledgerOf(uint64 runId) external view returns (Ledger memory);

    /// @notice After how many settled rounds the pay of a round has vested: 1 / q, rounded up.
    function vestingRoundsOf(uint64 runId) external view returns (uint32);

    /// @notice What each segment of an accepted member earns in a settled round.
    function payPerSegment(uint64 runId, uint32 round) external view returns (uint96);

    /// @notice What each verdict that was revealed on a settled round earns.
    function payPerVerdict(uint64 runId, uint32 round) external view returns (uint96);

    /// @notice What a verdict earns, and where that stands: `PENDING` until it is final, `FROZEN` while it, or another on the
    /// same claim that differs from it, is challenged.
    function verdictPayOf(ClaimId id) external view returns (uint96 amount, PayStatus status);

    /// @notice What a seat's work in a round has come to.
    function earningOf(uint64 runId, uint32 round, uint32 seat) external view returns (Earning memory);

    /// @notice What a seat earns for a round, and where that stands.
    function payOf(uint64 runId, uint32 round, uint32 seat) external view returns (uint96 amount, PayStatus status);

    /// @notice M(n) of a run, rounded down.
    function curveDown(uint64 runId, uint64 tokens) external view returns (uint96);
}
