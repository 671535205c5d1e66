// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IClaims} from "../claim/IClaims.sol";
import {IVerdicts} from "../claim/IVerdicts.sol";
import {IRuns} from "../run/IRuns.sol";
import {RunMetadata, RunParameters} from "../run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {now_} from "../types/Time.sol";
import {Curve} from "./Curve.sol";
import {IOwnership} from "./IOwnership.sol";
import {IShareToken} from "./IShareToken.sol";
import {IShareTokenFactory} from "./IShareTokenFactory.sol";
import {Lineage} from "./Lineage.sol";

/// @title Ownership
/// @notice The manual is {IOwnership}.
contract Ownership is IOwnership, Lineage {
    using BitMaps for BitMaps.BitMap;
    using Checkpoints for Checkpoints.Trace224;

    /// @dev One bit for each round of an epoch, lowest first: claims of one seat that are challenged or have lost.
    struct Chain {
        uint64 frozen;
        uint64 voided;
    }

    /// @dev Of a settled round, in one word.
    struct Pay {
        uint96 perSegment;
        uint96 perVerdict;
    }

    /// @dev Of a run's parameters, which never change: in one word, as a claim of shares reads it.
    struct Terms {
        uint8 epochRounds;
        uint32 vestingRounds;
    }

    /// @dev Open challenges of a seat's claims: how many are challenged, and which round was under way when the first was.
    struct Trial {
        uint32 open;
        uint32 since;
        bool isConvicted; // ever
    }

    /// @dev One part in so many of a round's budget is for verdicts.
    uint96 private constant VERDICT_PARTS = 10;

    mapping(uint64 runId => Ledger) private _ledgers;

    mapping(uint64 runId => Curve) private _curves;

    mapping(uint64 runId => Terms) private _terms;

    mapping(uint64 runId => mapping(uint32 seat => Trial)) private _trials;

    /// @dev Of each conviction of a seat: by the round under way, the first round whose pay it takes.
    mapping(uint64 runId => mapping(uint32 seat => Checkpoints.Trace224)) private _convictions;

    mapping(uint64 runId => mapping(uint32 seat => mapping(uint32 epoch => Chain))) private _chains;

    /// @inheritdoc IOwnership
    mapping(uint64 runId => address) public shareTokenOf;

    mapping(uint64 runId => mapping(uint32 round => Pay)) private _pay;

    /// @dev Rounds of a seat whose pay has been minted, or carried over when the claim was voided.
    mapping(uint64 runId => mapping(uint32 seat => BitMaps.BitMap)) private _closed;

    /// @dev Verdicts on a round, by the number in their claim's id, whose pay has been minted or carried over.
    mapping(uint64 runId => mapping(uint32 round => BitMaps.BitMap)) private _closedVerdicts;

    /// @inheritdoc IOwnership
    address public immutable verdicts;

    /// @inheritdoc IOwnership
    address public immutable shareTokenFactory;

    modifier onlyRuns() {
        require(msg.sender == runs, NotRuns(msg.sender, runs));
        _;
    }

    constructor(address runs_, address verdicts_, address shareTokenFactory_) Lineage(runs_) {
        verdicts = verdicts_;
        shareTokenFactory = shareTokenFactory_;
    }

    /// @inheritdoc IOwnership
    function open(
        uint64 runId,
        RunParameters calldata parameters,
        RunMetadata calldata metadata
    ) external onlyRuns returns (address shareToken) {
        uint96 genesisShares = _descendUp(runId, parameters);
        uint96 earnedShares = parameters.shareSupply - genesisShares;
        _curves[runId] = Curve(earnedShares, parameters.plannedTokens, parameters.lambda);
        _terms[runId] = Terms(parameters.epochRounds, uint32(Math.ceilDiv(10_000, parameters.auditRate)));
        shareToken = IShareTokenFactory(shareTokenFactory).create(
            metadata.name,
            metadata.symbol,
            parameters.shareSupply,
            parameters.ownersShare
        );
        shareTokenOf[runId] = shareToken;
        if (genesisShares == 0) return shareToken;
        address pool = IShareToken(shareTokenOf[parameters.parent]).credits();

        emit RoyaltyGiven(runId, parameters.parent, pool, genesisShares);

        IShareToken(shareToken).mint(pool, genesisShares);
    }

    /// @inheritdoc IOwnership
    function enroll(uint64 runId, uint32 seat) external onlyRuns {
        // Round 0 is nobody's: its bit only makes the word non-zero.
        _closed[runId][seat].set(0);
    }

    /// @inheritdoc IOwnership
    function accrue(uint64 runId, uint32 round, uint256 segments, uint256 tokens) external onlyRuns {
        Ledger memory ledger = _ledgers[runId];
        Curve memory curve = _curves[runId];

        ledger.verifiedTokens = uint64(Math.min(ledger.verifiedTokens + tokens, curve.planned));
        // The curve rises, but its computed value may fall by a last digit; what has accrued never does.
        uint96 accrued = uint96(Math.max(curve.sharesDown(ledger.verifiedTokens), ledger.accrued));
        uint96 budget = accrued - ledger.accrued + ledger.carry;
        uint96 forVerdictsDown = budget / VERDICT_PARTS;
        uint32 revealed = IVerdicts(verdicts).revealedIn(runId, round);
        Pay memory pay;
        pay.perSegment = uint96((budget - forVerdictsDown) / segments);
        if (revealed != 0) pay.perVerdict = forVerdictsDown / revealed;
        ledger.accrued = accrued;
        ledger.carry = uint96(budget - pay.perSegment * segments - pay.perVerdict * revealed);
        _ledgers[runId] = ledger;
        _pay[runId][round] = pay;

        emit SharesAccrued(runId, round, ledger.verifiedTokens, budget, pay.perSegment, pay.perVerdict, ledger.carry);
    }

    /// @inheritdoc IOwnership
    function onFrozen(ClaimId work, uint32 current) external onlyRuns {
        (Chain storage chain, uint256 place) = _chainOf(work);
        chain.frozen |= _bitOf(place);
        Trial storage trial = _trials[work.runOf()][work.numberOf()];
        if (trial.open++ == 0) trial.since = current;
    }

    /// @inheritdoc IOwnership
    function onRestored(ClaimId work) external onlyRuns {
        (Chain storage chain, uint256 place) = _chainOf(work);
        chain.frozen &= ~_bitOf(place);
        --_trials[work.runOf()][work.numberOf()].open;
    }

    /// @inheritdoc IOwnership
    function onVoided(ClaimId id, uint32 current) external onlyRuns {
        (uint64 runId, uint32 seat) = (id.runOf(), id.numberOf());
        Trial storage trial = _trials[runId][seat];
        uint32 since = trial.open == 0 ? current : trial.since;
        if (id.kind() == ClaimKind.WORK) {
            (Chain storage chain, uint256 place) = _chainOf(id);
            chain.voided |= _bitOf(place);
            --trial.open;
        }
        trial.isConvicted = true;
        uint32 first = _firstUnvested(runId, since);
        Checkpoints.Trace224 storage convictions = _convictions[runId][seat];
        (bool isAny, uint32 last, uint224 before) = convictions.latestCheckpoint();
        // Of two in one round, the one that reaches further back.
        if (!isAny || last != current || first < before) convictions.push(current, first);
    }

    /// @inheritdoc IOwnership
    function claimShares(uint64 runId, uint32 seat, uint32[] calldata rounds) external returns (uint96 amount) {
        address owner;
        for (uint256 i = 0; i < rounds.length; ++i) {
            uint32 round = rounds[i];
            uint96 pay;
            PayStatus status;
            (owner, pay, status) = _payOf(runId, round, seat);
            // INVARIANT: only final, unbroken, accepted work is paid, and once.
            require(status == PayStatus.CLAIMABLE, NotClaimable(_workClaim(runId, round, seat), status));

            _closed[runId][seat].set(round);
            amount += pay;

            emit SharesClaimed(runId, round, owner, seat, pay);
        }
        if (amount != 0) IShareToken(shareTokenOf[runId]).mint(owner, amount);
    }

    /// @inheritdoc IOwnership
    function claimVerdictShares(ClaimId[] calldata ids) external returns (uint96 amount) {
        for (uint256 i = 0; i < ids.length; ++i) {
            ClaimId id = ids[i];
            (uint64 runId, uint32 round) = (id.runOf(), id.roundOf());
            (address validator, uint96 pay, PayStatus status) = _verdictPayOf(id);
            // INVARIANT: only a final verdict that stands is paid, and once.
            require(status == PayStatus.CLAIMABLE, NotClaimable(id, status));

            _closedVerdicts[runId][round].set(id.numberOf());
            amount += pay;

            emit VerdictSharesClaimed(runId, round, validator, id, pay);

            IShareToken(shareTokenOf[runId]).mint(validator, pay);
        }
    }

    /// @inheritdoc IOwnership
    function forfeitVerdict(ClaimId id) external {
        (uint64 runId, uint32 round) = (id.runOf(), id.roundOf());
        (, uint96 pay, PayStatus status) = _verdictPayOf(id);
        // INVARIANT: what one round's validators lost is given to the next round, and once.
        require(status == PayStatus.FORFEITABLE, NotForfeitable(id, status));

        _closedVerdicts[runId][round].set(id.numberOf());
        _ledgers[runId].carry += pay;

        emit VerdictSharesForfeited(runId, round, id, pay);
    }

    /// @inheritdoc IOwnership
    function forfeit(ClaimId id) external {
        (uint64 runId, uint32 round, uint32 seat) = (id.runOf(), id.roundOf(), id.numberOf());
        (, uint96 pay, PayStatus status) = _payOf(runId, round, seat);
        // INVARIANT: what one round's members lost is given to the next round's, and once.
        require(
            ClaimId.unwrap(id) == ClaimId.unwrap(_workClaim(runId, round, seat)) && status == PayStatus.FORFEITABLE,
            NotForfeitable(id, status)
        );

        _closed[runId][seat].set(round);
        _ledgers[runId].carry += pay;

        emit SharesForfeited(runId, round, seat, pay);
    }

    /// @inheritdoc IOwnership
    function ledgerOf(uint64 runId) external view returns (Ledger memory) {
        return _ledgers[runId];
    }

    /// @inheritdoc IOwnership
    function vestingRoundsOf(uint64 runId) external view returns (uint32) {
        return _terms[runId].vestingRounds;
    }

    /// @inheritdoc IOwnership
    function curveDown(uint64 runId, uint64 tokens) external view returns (uint96) {
        return _curves[runId].sharesDown(tokens);
    }

    /// @inheritdoc IOwnership
    function payPerSegment(uint64 runId, uint32 round) external view returns (uint96) {
        return _pay[runId][round].perSegment;
    }

    /// @inheritdoc IOwnership
    function payPerVerdict(uint64 runId, uint32 round) external view returns (uint96) {
        return _pay[runId][round].perVerdict;
    }

    /// @inheritdoc IOwnership
    function verdictPayOf(ClaimId id) external view returns (uint96 amount, PayStatus status) {
        (, amount, status) = _verdictPayOf(id);
    }

    /// @inheritdoc IOwnership
    function payOf(uint64 runId, uint32 round, uint32 seat) external view returns (uint96 amount, PayStatus status) {
        (, amount, status) = _payOf(runId, round, seat);
    }

    /// @inheritdoc IOwnership
    function earningOf(uint64 runId, uint32 round, uint32 seat) public view returns (Earning memory earning) {
        IRuns.Outcome memory outcome = IRuns(runs).outcomeOf(runId, round, seat);
        earning.owner = outcome.owner;
        if (!outcome.isAccepted) return earning;
        earning.isAccepted = true;
        earning.segments = outcome.segments;
        earning.finalAt = outcome.finalAt;
        earning.current = outcome.current;

        Trial memory trial = _trials[runId][seat];
        // A seat that is not challenged and was never convicted has no marks.
        if (trial.open == 0 && !trial.isConvicted) return earning;
        (Chain storage chain, uint256 place) = _chainOf(_workClaim(runId, round, seat));
        (uint64 frozen, uint64 voided) = (chain.frozen, chain.voided);
        // Rounds of the epoch up to this one, latest first; none unless the seat was challenged in it.
        uint64 suspects = (frozen | voided) & (type(uint64).max >> (63 - place));
        while (suspects != 0) {
            uint256 other = Math.log2(suspects);
            uint64 bit = _bitOf(other);
            suspects &= ~bit;
            if (!IRuns(runs).outcomeOf(runId, uint32(round + other - place), seat).isAccepted) continue;
            if (frozen & bit != 0) earning.isFrozen = true;
            if (voided & bit != 0) earning.isVoided = true;
        }
    }

    function _payOf(
        uint64 runId,
        uint32 round,
        uint32 seat
    ) private view returns (address owner, uint96 amount, PayStatus status) {
        Earning memory earning = earningOf(runId, round, seat);
        owner = earning.owner;
        if (!earning.isAccepted) return (owner, 0, PayStatus.UNEARNED);

        amount = _pay[runId][round].perSegment * earning.segments;
        bool isClosed = _closed[runId][seat].get(round);
        // What was paid was final and vested, and cannot be taken any more: a closed round that is lost was carried over.
        Trial memory trial = _trials[runId][seat];
        if (earning.isVoided || (trial.isConvicted && _isTaken(runId, round, seat))) {
            status = isClosed ? PayStatus.FORFEITED : PayStatus.FORFEITABLE;
        } else if (isClosed) {
            status = PayStatus.PAID;
        } else if (earning.isFrozen || (trial.open != 0 && round >= _firstUnvested(runId, trial.since))) {
            status = PayStatus.FROZEN;
        } else {
            bool isVested = round < _firstUnvested(runId, earning.current);
            status = isVested && now_().isAtOrAfter(earning.finalAt) ? PayStatus.CLAIMABLE : PayStatus.PENDING;
        }
    }

    /// @dev Nothing before the round is settled, nor when that left the state unchanged: then it has no budget.
    function _verdictPayOf(ClaimId id) private view returns (address validator, uint96 amount, PayStatus status) {
        (uint64 runId, uint32 round) = (id.runOf(), id.roundOf());
        IClaims.ClaimStatus standing;
        (validator, standing) = IVerdicts(verdicts).standingOf(id);
        if (standing == IClaims.ClaimStatus.NONE) return (validator, 0, PayStatus.UNEARNED);

        amount = _pay[runId][round].perVerdict;
        if (amount == 0) return (validator, 0, PayStatus.UNEARNED);
        bool isClosed = _closedVerdicts[runId][round].get(id.numberOf());
        if (standing == IClaims.ClaimStatus.VOIDED) {
            status = isClosed ? PayStatus.FORFEITED : PayStatus.FORFEITABLE;
        } else if (standing == IClaims.ClaimStatus.FINAL) {
            status = isClosed ? PayStatus.PAID : PayStatus.CLAIMABLE;
        } else {
            status = standing == IClaims.ClaimStatus.FROZEN ? PayStatus.FROZEN : PayStatus.PENDING;
        }
    }

    /// @dev Whether a conviction took the pay of a round: the first one since.
    function _isTaken(uint64 runId, uint32 round, uint32 seat) private view returns (bool) {
        uint224 first = _convictions[runId][seat].lowerLookup(round);
        return first != 0 && first <= round;
    }

    /// @dev The first round whose pay has not vested while this one is under way.
    function _firstUnvested(uint64 runId, uint32 current) private view returns (uint32) {
        uint32 vesting = _terms[runId].vestingRounds;
        return current > vesting ? current - vesting : 1;
    }

    /// @dev Where a miner's claim stands in its epoch. Rounds of miners count from 1.
    function _chainOf(ClaimId work) private view returns (Chain storage chain, uint256 place) {
        (uint64 runId, uint32 past) = (work.runOf(), work.roundOf() - 1);
        uint8 length = _terms[runId].epochRounds;
        chain = _chains[runId][work.numberOf()][past / length];
        place = past % length;
    }

    function _bitOf(uint256 place) private pure returns (uint64) {
        return uint64(1 << place);
    }

    function _workClaim(uint64 runId, uint32 round, uint32 seat) private pure returns (ClaimId) {
        return claimId(ClaimKind.WORK, runId, round, seat);
    }
}
