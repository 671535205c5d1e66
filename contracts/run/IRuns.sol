// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {Root} from "../types/Root.sol";
import {Instant} from "../types/Time.sol";
import {RunMetadata, RunParameters} from "./RunParameters.sol";

/// @title Runs: parameters, membership, rounds.
/// @notice A run trains one model from a recipe, round after round. Anyone may create a run, join it, and move it with
/// `tick`; nobody can stop it, change it or exclude a member. A round's status is derived from facts and time:
///
///     OPEN        members commit, until the deadline or until every active miner has committed
///     SEALED      `tick` asks for the beacon, `tick` draws it; validators audit and a committee says whose payloads it
///                 has, until the audit's deadline, or until all on duty have reported and all payloads are there
///     AUDITED     anyone claims the aggregate of the available members that stand, until its deadline
///     AGGREGATED  an aggregate stands, unchallenged; others may compete with it until the deadline for aggregates. `tick`
///                 settles with the first of those that stand once its challenge window is over; a challenge that leaves
///                 none takes the round back to AUDITED, with a new deadline
///     SETTLED     `tick` has moved the state (or left it, when no aggregate stood) and opened the next round. Nothing that
///                 was applied is ever taken back
///
/// Round 0 has no members: it is the time to enlist until `opensAt`. A round that opens with fewer miners than `minMiners`
/// is **idle**: nobody is active in it. Both stay OPEN until enough miners have enlisted. A round in which nobody commits
/// settles unchanged as soon as its beacon is drawn.
///
/// A member has a **seat**, a number never used again, and while it serves an **index** below `maxMembers`, its bit in
/// every member set; an index is given to another once its round is over. Joining and leaving count from the next round.
interface IRuns {
    enum Role {
        MINER,
        VALIDATOR
    }

    /// @dev Temperature: OPEN, SEALED and AUDITED are warm (time moves them); AGGREGATED waits for `tick`; SETTLED is cold.
    enum RoundStatus {
        OPEN,
        SEALED,
        AUDITED,
        AGGREGATED,
        SETTLED
    }

    /// @notice What `tick` would do now.
    enum Step {
        NONE, // nothing is due
        REQUEST, // fix the randomness of a sealed round
        DRAW, // read it
        SETTLE // settle the round and open the next
    }

    /// @notice What a miner claims about its round.
    /// @param parent root of the global state it started from; must be the run's
    /// @param startRoot root of the whole starting state: the global state and the miner's local one
    /// @param segmentRoots state roots at the ends of the segments, `minSegments` to `segments` of them; the last is the end
    /// of the miner's round; plain words, which the encoder copies at once
    /// @param payloadRoot root of the payload: of its published part and, with error feedback, of that beside it
    /// @param payloadBytes size of the published payload, as it is sent
    struct Commitment {
        Root parent;
        Root startRoot;
        bytes32[] segmentRoots;
        Root payloadRoot;
        uint64 payloadBytes;
    }

    /// @notice One tenancy of an index.
    /// @param owner whose stake it is; batches are derived from this address
    /// @param index bit in the member sets
    /// @param role miner or validator
    /// @param since first round it serves
    /// @param until last round it serves, 2^32 - 1 while it has not left
    struct Seat {
        address owner;
        uint8 index;
        Role role;
        uint32 since;
        uint32 until;
    }

    /// @notice What a round made of a seat's work, whatever became of the claim since.
    /// @param owner of the seat
    /// @param isAccepted the seat served in the round and the applied aggregate has its payload
    /// @param segments of accepted work
    /// @param finalAt of accepted work: when the claims of the epoch are final; `NEVER` while that is not known
    /// @param current the run's current round
    struct Outcome {
        address owner;
        bool isAccepted;
        uint8 segments;
        Instant finalAt;
        uint32 current;
    }

    /// @notice What those who audit a round need to know; all zero before the beacon, and once the round is settled.
    /// @param isOpen the audit is under way
    /// @param deadline when it is over at the latest
    /// @param committed miners that have committed
    /// @param validators active ones
    struct Audit {
        bool isOpen;
        Instant deadline;
        bytes32 beacon;
        MemberSet committed;
        MemberSet validators;
    }

    /// @notice A run as it stands now.
    /// @param round the current round
    /// @param status of the current round
    /// @param due what `tick` would do now
    /// @param root of the current global state
    /// @param seed of the current round's batches
    /// @param miners enlisted miners: active from the next round on
    /// @param validators enlisted validators: active from the next round on
    /// @param activeMiners frozen when the current round opened
    /// @param activeValidators frozen when the current round opened
    /// @param seats how many seats were ever given; the last one's number
    /// @param joiningPrice now
    /// @param time of the block this was read at
    struct RunView {
        uint32 round;
        RoundStatus status;
        Step due;
        Root root;
        bytes32 seed;
        MemberSet miners;
        MemberSet validators;
        MemberSet activeMiners;
        MemberSet activeValidators;
        uint32 seats;
        uint128 joiningPrice;
        Instant time;
    }

    /// @notice A round. Instants are zero while unknown.
    /// @param parent root of the global state the round starts from; of a past round, kept for ever
    /// @param seed of its batches; zero for round 0
    /// @param beacon drawn after sealing; zero before
    /// @param ticket what the randomness was asked for; zero before
    /// @param beaconLost nobody drew it in time: everyone is audited
    /// @param commitDeadline commits are refused from here on; zero for a past round
    /// @param auditDeadline reports are refused from here on; known once the beacon is drawn
    /// @param aggregateDeadline aggregates are refused from here on; known once the beacon is drawn
    /// @param settledAt when it was settled
    /// @param committed miners that have committed
    /// @param challenged of those, the ones whose claim is frozen or voided
    /// @param aggregates claimed so far, at most `MAX_AGGREGATES`, oldest first; the first that stands leads, and of a settled
    /// round it was applied
    struct RoundView {
        RoundStatus status;
        Root parent;
        bytes32 seed;
        bytes32 beacon;
        uint64 ticket;
        bool beaconLost;
        Instant commitDeadline;
        Instant auditDeadline;
        Instant aggregateDeadline;
        Instant settledAt;
        MemberSet committed;
        MemberSet challenged;
        AggregateView[] aggregates;
    }

    /// @notice A claim for the next global state.
    /// @param accepted members whose payloads it is made of
    /// @param settleableAt when `tick` may settle with it, if it leads
    /// @param stands it is neither frozen nor voided
    struct AggregateView {
        ClaimId id;
        MemberSet accepted;
        Root nextRoot;
        Instant settleableAt;
        bool stands;
    }

    error UnknownRun(uint64 runId);
    error UnknownRound(uint64 runId, uint32 round, uint32 current);
    error UnknownSeat(uint64 runId, uint32 seat);
    /// @notice An owner has one seat in a run at a time; after leaving it waits for the next round.
    error AlreadyMember(uint64 runId, address owner, uint32 seat);
    error NotMember(uint64 runId, address owner);
    /// @notice Without a node key a member could not commit.
    error NodeMissing(address owner);
    /// @notice All indices are taken.
    error RunFull(uint64 runId, uint16 maxMembers);
    error PriceAboveMaximum(uint128 price, uint128 maximum);
    /// @notice The call is for another round than the current one.
    error WrongRound(uint64 runId, uint32 given, uint32 current);
    /// @notice The round does not accept this call now. From a deadline on, its call is refused.
    error WrongStatus(uint64 runId, uint32 round, RoundStatus status);
    /// @notice The key works for no seat that serves in this round.
    error NotServing(uint64 runId, address owner, uint32 round);
    /// @notice The seat is not a miner's, or has committed in this round already.
    error NothingAwaited(uint64 runId, uint32 round, uint8 index);
    error WrongParent(Root given, Root current);
    error WrongSegmentCount(uint256 given, uint8 least, uint8 most);
    error NoBeacon(uint64 runId, uint32 round);
    error NothingAccepted();
    /// @notice An aggregate accepts all members that committed, are available and not challenged, and no others.
    error WrongMembers(MemberSet accepted, MemberSet due);
    /// @notice The same aggregate stands, unchallenged.
    error AggregateStands(ClaimId id);
    error TooManyAggregates(uint64 runId, uint32 round, uint8 attempts);
    error AggregateWindowClosed(uint64 runId, uint32 round, Instant deadline);
    error NothingDue(uint64 runId, uint32 round, RoundStatus status);
    /// @notice Only the verdicts and the availability contract know when there is nothing more to wait for.
    error NotConcluding(address caller);
    /// @notice Only the claims contract tells what became of a claim.
    error NotClaims(address caller, address claims);

    event RunCreated(
        uint64 indexed runId,
        address indexed creator,
        Root recipeRoot,
        Root genesisRoot,
        Root datasetRoot,
        Instant opensAt,
        address shareToken,
        string name,
        string uri
    );
    event Joined(
        uint64 indexed runId,
        address indexed owner,
        uint32 seat,
        uint8 index,
        Role role,
        uint32 since,
        uint128 price
    );
    event Left(uint64 indexed runId, address indexed owner, uint32 seat, uint8 index, Role role, uint32 until);
    event RoundOpened(
        uint64 indexed runId,
        uint32 indexed round,
        Root parent,
        bytes32 seed,
        Instant commitDeadline,
        MemberSet activeMiners,
        MemberSet activeValidators
    );
    /// @notice Everything a miner committed; `word` is `keccak256(abi.encode(owner, commitment))`, the claim's word.
    event Committed(
        uint64 indexed runId,
        uint32 indexed round,
        address indexed owner,
        ClaimId claimId,
        uint8 index,
        bytes32 word,
        Commitment commitment
    );
    event Sealed(uint64 indexed runId, uint32 indexed round, MemberSet committed, uint64 ticket);
    event BeaconDrawn(uint64 indexed runId, uint32 indexed round, bytes32 beacon, bool lost, Instant auditDeadline);
    /// @notice Before its deadline.
    event AuditConcluded(uint64 indexed runId, uint32 indexed round);
    /// @notice `word` is `keccak256(abi.encode(claimant, parent, accepted, nextRoot))`, the claim's word.
    event AggregateClaimed(
        uint64 indexed runId,
        uint32 indexed round,
        address indexed claimant,
        ClaimId claimId,
        bytes32 word,
        Root parent,
        MemberSet accepted,
        Root nextRoot,
        Instant settleableAt
    );
    /// @notice `accepted` is empty and `root` unchanged when no aggregate stood.
    event RoundSettled(uint64 indexed runId, uint32 indexed round, Root root, MemberSet accepted);

    /// @notice Creates a run and its share token. Anyone may; nothing in it can be changed later.
    function createRun(
        RunParameters calldata parameters,
        RunMetadata calldata metadata
    ) external returns (uint64 runId);

    /// @notice Takes a seat from the next round on. Burns the joining price from the caller's free stake, and locks the
    /// deposit of the role until the seat has left. The caller is the owner and must have named a node key.
    /// @param maxPrice the most the caller will pay
    function join(uint64 runId, Role role, uint128 maxPrice) external returns (uint32 seat);

    /// @notice Gives the caller's seat up from the next round on, as does losing its deposit. Open claims and their bonds are not touched.
    function leave(uint64 runId) external;

    /// @notice Claims a miner's round and locks `minerBond`. Called by the node key of an active miner, once a round.
    function commit(uint64 runId, uint32 round, Commitment calldata commitment) external;

    /// @notice Moves the run one step when one is due (`RunView.due`). Anyone may call.
    function tick(uint64 runId) external;

    /// @notice Says that every validator on duty has reported, or that every committed payload is available; with both the
    /// audit closes. The verdicts contract and the availability contract only, while the audit is open.
    function conclude(uint64 runId, uint32 round) external;

    /// @notice Claims the next global state and locks `aggregateBond` of the caller's owner. Anyone may call.
    /// @param accepted members whose payloads it is made of: all that committed, are available and not challenged
    function claimAggregate(uint64 runId, uint32 round, MemberSet accepted, Root nextRoot) external;

    /// @notice How many runs there are; ids count from 1.
    function runCount() external view returns (uint64);

    function parametersOf(uint64 runId) external view returns (RunParameters memory);

    /// @notice `keccak256(abi.encode(programs))` of the run's {RunPrograms}.
    function programsRootOf(uint64 runId) external view returns (Root);

    function runOf(uint64 runId) external view returns (RunView memory);

    function roundOf(uint64 runId, uint32 round) external view returns (RoundView memory);

    function statusOf(uint64 runId, uint32 round) external view returns (RoundStatus);

    /// @notice The audit of a round: from the beacon until the round is settled.
    function auditOf(uint64 runId, uint32 round) external view returns (Audit memory);

    /// @notice The price of a seat now: multiplied by each join, decaying to the floor.
    function joiningPriceOf(uint64 runId) external view returns (uint128);

    /// @notice A seat by its number.
    function seatOf(uint64 runId, uint32 seat) external view returns (Seat memory);

    /// @notice The number of the seat that last took an index, zero when none did.
    function seatAt(uint64 runId, uint8 index) external view returns (uint32);

    /// @notice The number of the seat an owner last took, zero when none.
    function seatOfOwner(uint64 runId, address owner) external view returns (uint32);

    /// @notice The draw: whether a seat is audited in a round, and which of its segments besides the last one.
    /// A pure function of the beacon and of the number of segments. Reverts with `NoBeacon` before it is drawn.
    function drawn(uint64 runId, uint32 round, uint32 seat) external view returns (bool isDrawn, uint8 segment);

    /// @notice How many segments a seat has committed in a round, if it has committed.
    function segmentsOf(uint64 runId, uint32 round, uint32 seat) external view returns (uint8);

    /// @notice What a round made of a seat's work.
    function outcomeOf(uint64 runId, uint32 round, uint32 seat) external view returns (Outcome memory);

    /// @notice Claim id of a seat's round.
    function workClaimId(uint64 runId, uint32 round, uint32 seat) external pure returns (ClaimId);

    function stake() external view returns (address);

    function claims() external view returns (address);

    function ownership() external view returns (address);

    function availability() external view returns (address);

    function randomness() external view returns (address);

    function limits() external view returns (address);
}
