// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";

/// @title Verdicts: what validators say they have computed.
/// @notice A validator cannot copy what nobody has published: for each drawn claim that it finds right it names the trace
/// root of the last step of the drawn segment. The active validators of a round first seal their verdicts (a salted root),
/// then reveal them; from the first moment at which one may be revealed, nothing is sealed any more. A revealed verdict is
/// a claim with a bond of its own, which anyone may challenge and the same game decides: whoever made one up loses.
interface IVerdicts {
    /// @notice What one validator found when it re-executed a segment; `keccak256(abi.encode(verdict))` is its claim's word.
    /// @param validator whose bond it is
    /// @param work the miner's claim
    /// @param segment the drawn segment
    /// @param before root of the state before the last step of the segment
    /// @param trace trace root of that step
    struct Verdict {
        address validator;
        ClaimId work;
        uint8 segment;
        bytes32 before;
        bytes32 trace;
    }

    /// @dev Of a round's verdicts. Facts and time alone lead from one to the next.
    enum Phase {
        NONE, // no audit is under way
        SEALING, // from the beacon on
        REVEALING // every active validator has sealed or reported, or half of the audit window has passed
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
    error NotActiveValidator(uint64 runId, uint32 round, uint8 index);
    /// @notice Validators report from the beacon until the audit is over.
    error NoAudit(uint64 runId, uint32 round);
    error AlreadyReported(uint64 runId, uint32 round, address validator);

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

    /// @notice Seals the verdicts of the caller's owner on a round: the root of a tree of sorted pairs over the leaves
    /// `keccak256(bytes.concat(keccak256(abi.encode(verdict, salt))))`. Active validators, once a round.
    function seal(uint64 runId, uint32 round, bytes32 root) external;

    /// @notice Reveals one sealed verdict, and posts it as a claim with a bond of the run's `challengeBond`, final one
    /// challenge window later.
    /// @param proof from the verdict's leaf to the sealed root
    function reveal(Verdict calldata verdict, bytes32 salt, bytes32[] calldata proof) external;

    /// @notice Says that an active validator has audited; when all of them have, nothing of theirs is waited for any more.
    /// Decides nothing else.
    /// @param audited members whose drawn segments the caller has recomputed
    function report(uint64 runId, uint32 round, MemberSet audited) external;

    /// @notice What validators may do with their verdicts on a round now.
    function phaseOf(uint64 runId, uint32 round) external view returns (Phase);

    /// @notice Validators that have sealed.
    function sealersOf(uint64 runId, uint32 round) external view returns (MemberSet);

    /// @notice Validators that have reported.
    function reportersOf(uint64 runId, uint32 round) external view returns (MemberSet);

    /// @notice The sealed root of a validator; zero when there is none.
    function sealOf(uint64 runId, uint32 round, address validator) external view returns (bytes32);

    /// @notice The miner's claim that a revealed verdict is about; zero when there is none.
    function workOf(ClaimId id) external view returns (ClaimId);

    /// @notice Claim id of a validator's verdict on a miner's claim, whether it is revealed or not.
    /// @param validatorSeat of the run
    function verdictClaimId(ClaimId work, uint32 validatorSeat) external view returns (ClaimId);

    function stake() external view returns (address);

    function claims() external view returns (address);

    function runs() external view returns (address);
}
