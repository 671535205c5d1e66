// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditing} from "../run/IAuditing.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {IClaims} from "./IClaims.sol";

/// @title Verdicts: what validators say they have computed.
/// @notice A validator cannot copy what nobody has published: for each drawn claim that it finds right it names the trace
/// root of the last step of the drawn segment, and 64 leaves of that trace, drawn by its own address. Validators first seal
/// their verdicts (a salted root), then reveal them; from the first moment at which one may be revealed, nothing is sealed
/// any more. A revealed verdict is a claim with a bond of its own, which anyone may challenge and the same game decides:
/// whoever made one up loses.
///
/// The beacon draws two of the active validators for each drawn claim (all of them when there are fewer): they are **on
/// duty** for it. Those on duty seal within a quarter of the audit window; whoever has nothing to seal reports. Whoever
/// has done neither by then is absent: for each of its claims another one is drawn from those who were there, which
/// **stands in** and has another quarter of the window to seal. Nobody else gives verdicts.
///
/// A validator on duty that has given no verdict on a claim forfeits its deposit, and its seat ends, unless the claim's
/// payload was not available or the claim is challenged or void: who finds a claim wrong plays a game instead. A validator
/// that stands in risks nothing, or absent validators could burden others with more than they can compute.
///
/// Verdicts that stand are paid in shares: see {IOwnership}.
interface IVerdicts is IAuditing {
    /// @notice What one validator found when it re-executed a segment; `keccak256(abi.encode(verdict))` is its claim's word.
    /// @param validator whose bond it is
    /// @param work the miner's claim
    /// @param segment the drawn segment
    /// @param before root of the state before the last step of the segment
    /// @param trace trace root of that step
    /// @param leaves root of the tree over the hashes of the leaves of that trace which are drawn by `validator` and `work`,
    /// in the order of {Draws}: whoever copies a trace root does not know them
    struct Verdict {
        address validator;
        ClaimId work;
        uint8 segment;
        bytes32 before;
        bytes32 trace;
        bytes32 leaves;
    }

    /// @dev Of a round's verdicts. Facts and time alone lead from one to the next.
    enum Phase {
        NONE, // no audit is under way
        SEALING, // those on duty seal, from the beacon on
        STANDING_IN, // a quarter of the audit window has passed, and somebody was absent: those who stand in seal
        REVEALING // everyone on duty was there, or half of the audit window has passed
    }

    /// @notice Sealing begins with the beacon and ends when verdicts may be revealed.
    error NotSealing(uint64 runId, uint32 round, Phase phase);
    /// @notice Verdicts may not be revealed yet, or the audit is over.
    error NotRevealing(uint64 runId, uint32 round, Phase phase);
    error AlreadySealed(uint64 runId, uint32 round, address validator);
    /// @notice A verdict is revealed with the key that works for its validator.
    error NotOwnVerdict(address owner, address validator);
    /// @notice This verdict, salt and proof do not lead to what the validator has sealed.
    error SealMismatch(uint64 runId, uint32 round, address validator);
    /// @notice The claim is not a miner's, nobody has made it, it is not drawn, or another segment of it is.
    error NotDrawn(ClaimId work, uint8 segment);
    /// @notice Nobody audits its own work.
    error OwnWork(ClaimId work, address validator);
    error AlreadyRevealed(ClaimId id);
    /// @notice The member is not on duty in the round, or for the claim; nor does it stand in.
    error NotOnDuty(uint64 runId, uint32 round, uint8 index);
    /// @notice Validators report from the beacon until the audit is over.
    error NoAudit(uint64 runId, uint32 round);
    error AlreadyReported(uint64 runId, uint32 round, address validator);
    /// @notice Who was absent is shown after the audit, until the round is settled.
    error AuditNotOver(uint64 runId, uint32 round);
    /// @notice The claim is challenged or void, or its payload is not available: there was nothing to find right.
    error Excused(ClaimId work);

    event VerdictsSealed(uint64 indexed runId, uint32 indexed round, address indexed validator, bytes32 root);
    event VerdictRevealed(
        uint64 indexed runId,
        uint32 indexed round,
        address indexed validator,
        ClaimId id,
        bytes32 word,
        Verdict verdict
    );

    event Reported(
        uint64 indexed runId,
        uint32 indexed round,
        address indexed validator,
        uint8 index,
        MemberSet audited,
        bool isLast
    );

    /// @notice The validator had a verdict to give on this claim, and has lost its deposit.
    event Absent(uint64 indexed runId, uint32 indexed round, ClaimId work, uint32 seat);

    /// @notice Seals the verdicts of the caller's owner on a round: the root of a tree of sorted pairs over the leaves
    /// `keccak256(bytes.concat(keccak256(abi.encode(verdict, salt))))`. Validators on duty, once; and once more those who
    /// stand in, as long as that is awaited.
    function seal(uint64 runId, uint32 round, bytes32 root) external;

    /// @notice Reveals one sealed verdict, and posts it as a claim with a bond of the run's `challengeBond`, final one
    /// challenge window later.
    /// @param proof from the verdict's leaf to the sealed root
    function reveal(Verdict calldata verdict, bytes32 salt, bytes32[] calldata proof) external;

    /// @notice Says that a validator on duty has audited; when all of them have, nothing of theirs is waited for any more.
    /// When nobody is on duty, any active validator says so. While those on duty seal, it also says that the caller is there
    /// and has nothing to seal.
    /// @param audited members whose drawn segments the caller has recomputed
    function report(uint64 runId, uint32 round, MemberSet audited) external;

    /// @notice Shows that a validator on duty for a claim has given no verdict on it. Its deposit is forfeited, and its seat
    /// ends. Anyone may call, from the end of the audit until the round is settled; nobody is paid for it.
    /// @param validator its index
    function reportAbsent(ClaimId work, uint8 validator) external;

    /// @notice What validators may do with their verdicts on a round now.
    function phaseOf(uint64 runId, uint32 round) external view returns (Phase);

    /// @notice Validators that must give a verdict on something in a round, from the beacon until it is settled.
    function onDutyOf(uint64 runId, uint32 round) external view returns (MemberSet);

    /// @notice Who gives a verdict on a drawn claim, from the beacon until its round is settled.
    /// @return drawn by the beacon
    /// @return standIns for those of them that were absent; final once sealing is over
    function validatorsOf(ClaimId work) external view returns (MemberSet drawn, MemberSet standIns);

    /// @notice Validators on duty that were there in time: they have sealed, or reported that there is nothing to seal.
    function sealersOf(uint64 runId, uint32 round) external view returns (MemberSet);

    /// @notice Validators that have reported.
    function reportersOf(uint64 runId, uint32 round) external view returns (MemberSet);

    /// @notice The sealed root of a validator on duty; zero when there is none.
    function sealOf(uint64 runId, uint32 round, address validator) external view returns (bytes32);

    /// @notice What a validator has sealed as a stand-in; zero when there is nothing.
    function standInSealOf(uint64 runId, uint32 round, address validator) external view returns (bytes32);

    /// @notice The miner's claim that a revealed verdict is about; zero when there is none.
    function workOf(ClaimId id) external view returns (ClaimId);

    /// @notice How many verdicts on a round have been revealed.
    function revealedIn(uint64 runId, uint32 round) external view returns (uint32);

    /// @notice What a revealed verdict is worth as work done. That is the status of its claim; but of two verdicts on a claim
    /// that differ, neither is `FINAL` until a game has voided the other, and once nobody can challenge either any more, both
    /// count as `VOIDED`.
    /// @return validator zero when there is none
    function standingOf(ClaimId id) external view returns (address validator, IClaims.ClaimStatus status);

    /// @notice Claim id of a validator's verdict on a miner's claim, whether it is revealed or not.
    /// @param validatorSeat of the run
    function verdictClaimId(ClaimId work, uint32 validatorSeat) external view returns (ClaimId);
}
