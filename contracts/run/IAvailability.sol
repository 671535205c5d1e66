// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RunPrograms} from "../claim/RunPrograms.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {IAuditing} from "./IAuditing.sol";
import {IRuns} from "./IRuns.sol";

/// @title Availability: whose payloads of a round can be had.
/// @notice No contract can compute who has received what. So a **committee** is drawn from the beacon of each round, out of
/// the miners that committed in it and its active validators; every seat of a run is worth the same bond, so that a seat is
/// the unit of stake. Until the audit is over each of them says once whose payloads it has received, verified and decoded.
/// A payload is **available** when enough of the committee have said so, or when it was **published**: written into
/// transactions, every message of its tree. The round's aggregate accepts exactly the available members that stand.
///
/// A run fixes the size of the committee and how many of it are needed, more than half. With fewer members all of them are
/// the committee, and the needed part of it is rounded up. With s seats of which t are needed, an honest member is not left
/// out by s - t liars, and no payload counts that fewer than t have; nobody at all can keep out one that is published.
///
/// A drawn miner that is not available when the audit is over has not served, and forfeits its deposit: no committee can
/// do this to one that publishes.
///
/// The audit closes early only when every committed payload is available: whoever was left out has its deadline to publish.
interface IAvailability is IAuditing {
    /// @notice Where a round stands.
    /// @param committee empty before the beacon, and for a past round of which nobody said anything
    /// @param needed of the committee for a payload to be available
    /// @param said members of the committee that have spoken
    /// @param published in full, on chain
    /// @param available published, or received by as many as are needed
    struct View {
        MemberSet committee;
        uint8 needed;
        MemberSet said;
        MemberSet published;
        MemberSet available;
    }

    /// @notice Only the runs contract opens.
    error NotRuns(address caller, address runs);
    /// @notice The committee speaks from the beacon until the audit is over.
    error NoAudit(uint64 runId, uint32 round);
    error NotInCommittee(uint64 runId, uint32 round, uint8 index);
    error AlreadySaid(uint64 runId, uint32 round, uint8 index);
    /// @notice What was not committed cannot be received.
    error ReceivedNotCommitted(MemberSet received, MemberSet committed);
    /// @notice Payloads are published from their commitment until the round's audit is over.
    error NotPublishable(ClaimId work);
    error AlreadyPublished(ClaimId work);
    /// @notice This is not what was claimed.
    error NotTheClaim(ClaimId work, bytes32 given, bytes32 posted);
    /// @notice The publication has gone on, or starts with another root.
    error PendingMismatch(ClaimId work, bytes32 given, bytes32 expected);
    error AlreadyBegun(ClaimId work);
    /// @notice These are not the programs of the run, or they know no error feedback.
    error NoFeedback(uint64 runId);
    /// @notice The message is no leaf, node or tensor, or is cut off.
    error NoPiece(uint256 offset);
    /// @notice The message is not the one whose hash is awaited; its offset counts from where the call's pieces begin.
    error WrongPiece(uint256 offset, bytes32 given, bytes32 expected);
    /// @notice Everything has been published, and there is more.
    error NothingPending(uint256 offset);
    /// @notice Until the audit is over there is time to serve.
    error AuditNotOver(uint64 runId, uint32 round);
    /// @notice No miner has made this claim, or the beacon has not drawn it: then nobody needs more of it than its payload.
    error NotDrawn(ClaimId work);
    error Served(ClaimId work);

    event Attested(uint64 indexed runId, uint32 indexed round, address indexed owner, uint8 index, MemberSet received);
    /// @notice Messages of a payload's tree; those of all its events, in their order, are the payload.
    event PiecesPublished(ClaimId indexed work, bytes pieces);
    /// @notice The seat has lost its deposit, and all pay that had not vested.
    event Unserved(uint64 indexed runId, uint32 indexed round, ClaimId work, uint32 seat);
    event Published(uint64 indexed runId, uint32 indexed round, ClaimId work, uint8 index);

    /// @notice Keeps how large a run's committees are. Runs contract only.
    function open(uint64 runId, uint8 seats, uint8 needed) external;

    /// @notice Says whose payloads the caller has received. Called by the node key of a member of the committee, once.
    function attest(uint64 runId, uint32 round, MemberSet received) external;

    /// @notice Publishes a payload, or goes on doing so. Anyone may call, as often as it takes: a call does as much work as
    /// it brings pieces. A piece is a message whose hash is that of the top of the stack of pending hashes; a node puts its
    /// right and then its left child there, a tensor the root of its leaves. Padding is passed over.
    /// @param commitment that the claim is of
    /// @param pending the stack as the last call left it, the top at its end; at first the payload root alone
    /// @param pieces messages as they are hashed, one after another
    function publish(
        ClaimId work,
        IRuns.Commitment calldata commitment,
        bytes32[] calldata pending,
        bytes calldata pieces
    ) external;

    /// @notice Leaves the error feedback beside a payload out of its publication: nobody but its miner reads it. Anyone may
    /// call, before anything of the payload is published.
    /// @param commitment that the claim is of
    /// @param programs of the run, which say that there is error feedback
    /// @param payload root of what is left to publish
    /// @param feedback root of what is not
    function leaveOutFeedback(
        ClaimId work,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs,
        bytes32 payload,
        bytes32 feedback
    ) external;

    /// @notice Shows that a drawn miner has not served: when the audit closed it was not available. Its deposit is forfeited,
    /// and its seat ends. Anyone may call, until the deposit of a seat that has left is final; nobody is paid for it.
    function reportUnserved(ClaimId work) external;

    /// @notice Payloads that are available so far; of a round whose audit is over, for ever.
    function availableOf(uint64 runId, uint32 round) external view returns (MemberSet);

    function viewOf(uint64 runId, uint32 round) external view returns (View memory);

    /// @notice Hash of the stack of a publication that is under way, `keccak256(abi.encode(pending))`; zero otherwise.
    function pendingOf(ClaimId work) external view returns (bytes32);
}
