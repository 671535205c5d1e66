// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerdicts} from "../../contracts/claim/IVerdicts.sol";
import {IClaimSource} from "../../contracts/claim/IClaimSource.sol";
import {IOwnership} from "../../contracts/own/IOwnership.sol";
import {IAvailability} from "../../contracts/run/IAvailability.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {RunParameters} from "../../contracts/run/RunParameters.sol";
import {IStakeManager} from "../../contracts/stake/IStakeManager.sol";
import {ClaimId, ClaimKind} from "../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../contracts/types/MemberSet.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Everything that members and strangers do, in any order: six owners, the first three enlisted as miners, the
/// next two as validators. Calls that a guard refuses are part of the story. It keeps its own books to compare with.
contract Crowd is Fixture {
    uint256 public constant OWNERS = 6;
    struct Unfairness {
        bool isLeftOut;
        bool isCensored;
    }

    struct Voices {
        uint256 spoken;
        uint256 publications;
        uint256 unserved;
    }

    struct VerdictPays {
        uint256 paid;
        uint256 forfeited;
    }

    bytes32 private constant SALT = "salt";

    /// @dev Bonds that should be locked, by owner.
    mapping(address owner => uint256) public bonds;
    uint256 public minted;
    uint256 public voided;
    uint256 public revealed;
    Voices public voices;
    VerdictPays public verdictPays;
    Unfairness private _unfairness;
    bool public wentBackwards;
    bool public paidTwice;

    ClaimId[] private _posted;
    ClaimId[] private _challenged;
    mapping(ClaimId id => bool) private _isPaid;
    mapping(uint256 member => IVerdicts.Verdict) private _sealed;
    uint32 private _lastRound;
    IRuns.RoundStatus private _lastStatus;

    constructor() {
        deploy();
        createRun();
        for (uint256 i = 0; i < OWNERS; ++i) {
            fund(ownerOf(i), STAKE);
            vm.prank(ownerOf(i));
            stake.setNode(nodeOf(i));
        }
        for (uint256 i = 0; i < 5; ++i) join(i, i >= 3);
        openFirstRound();
        _lastRound = 1;
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.plannedTokens = 320_000;
        p.auditRate = 5_000;
        p.joinMultiplier = 1.5e18;
        p.minSegments = 4;
    }

    /// @dev Members have their speeds.
    function commitmentOf(uint256 member) private view returns (IRuns.Commitment memory) {
        return shortCommitment(16 - ((3 * member) % 13));
    }

    /// @dev Runs an action, then looks whether the run has taken a forbidden step.
    modifier watched() {
        _;
        IRuns.RunView memory run = runs.runOf(RUN);
        bool isReopened = run.status == IRuns.RoundStatus.AUDITED && _lastStatus == IRuns.RoundStatus.AGGREGATED;
        // Somebody has left again before the round that nobody serves in was sealed.
        bool isIdle = run.status == IRuns.RoundStatus.OPEN && run.activeMiners.isEmpty();
        bool isBack =
            run.round < _lastRound ||
                run.round > _lastRound + 1 ||
                (run.round == _lastRound && run.status < _lastStatus && !isReopened && !isIdle);
        if (isBack) wentBackwards = true;
        _lastRound = run.round;
        _lastStatus = run.status;
    }

    function join(uint256 member, bool isValidator) public watched {
        member %= OWNERS;
        vm.prank(ownerOf(member));
        try runs.join(RUN, isValidator ? IRuns.Role.VALIDATOR : IRuns.Role.MINER, type(uint128).max) returns (
            uint32 seat
        ) {
            bonds[ownerOf(member)] += isValidator ? DUTY_DEPOSIT : SERVICE_DEPOSIT;
            _posted.push(
                ClaimId.wrap(
                    (uint256(ClaimKind.SEAT) << 128) |
                        (uint256(RUN) << 64) |
                        (uint256(runs.seatOf(RUN, seat).since) << 32) |
                        seat
                )
            );
        } catch {}
    }

    function leave(uint256 member) external watched {
        vm.prank(ownerOf(member % OWNERS));
        try runs.leave(RUN) {} catch {}
    }

    function commit(uint256 member) public watched {
        member %= OWNERS;
        uint32 round = runs.runOf(RUN).round;
        IRuns.Commitment memory c = commitmentOf(member);
        uint32 seat = runs.seatOfOwner(RUN, ownerOf(member));
        vm.prank(nodeOf(member));
        try runs.commit(RUN, round, c) {
            bonds[ownerOf(member)] += MINER_BOND;
            _posted.push(runs.workClaimId(RUN, round, seat));
        } catch {}
    }

    /// @dev What an orderly run does next, up to seven times; without it few stories would come to an end of a round.
    function advance(uint256 steps) external {
        for (uint256 i = 0; i < steps % 8; ++i) {
            IRuns.RoundStatus status = runs.runOf(RUN).status;
            if (status == IRuns.RoundStatus.OPEN) {
                for (uint256 member = 0; member < OWNERS; ++member) commit(member);
                if (runs.runOf(RUN).status == status) wait(uint16(COMMIT_WINDOW));
            } else if (runs.runOf(RUN).due != IRuns.Step.NONE) {
                tick();
            } else if (status == IRuns.RoundStatus.AUDITED) {
                aggregate(steps % OWNERS, 2 * steps);
            } else if (status == IRuns.RoundStatus.SEALED) {
                judge(steps);
            } else {
                wait(uint16(CHALLENGE_WINDOW));
            }
        }
    }

    /// @dev The committee speaks. As many of it as can be spared lie, each as it likes.
    function speak(uint256 which) public {
        uint32 round = runs.runOf(RUN).round;
        IAvailability.View memory view_ = availability.viewOf(RUN, round);
        uint256 liars = view_.committee.count() - view_.needed;
        uint256 all = MemberSet.unwrap(runs.roundOf(RUN, round).committed);
        for (uint256 i = 0; i < OWNERS; ++i) {
            uint256 member = (which + i) % OWNERS;
            uint32 seat = runs.seatOfOwner(RUN, ownerOf(member));
            if (seat == 0 || !view_.committee.has(runs.seatOf(RUN, seat).index)) continue;
            bool isLiar = liars != 0;
            if (isLiar) --liars;
            attest(member, isLiar ? all & (which >> i) : all);
        }
        MemberSet said = availability.viewOf(RUN, round).said;
        bool isComplete = view_.said.isEmpty() && !said.isEmpty() && said.equals(view_.committee);
        MemberSet available = availability.availableOf(RUN, round);
        if (isComplete && !MemberSet.wrap(all).isWithin(available)) _unfairness.isLeftOut = true;
    }

    /// @dev The committee has seen nothing, and a miner publishes.
    function censor(uint256 member) public {
        for (uint256 i = 0; i < OWNERS; ++i) attest(i, 0);
        member %= OWNERS;
        uint32 round = runs.runOf(RUN).round;
        uint32 seat = runs.seatOfOwner(RUN, ownerOf(member));
        IRuns.Commitment memory c = commitmentOf(member);
        bytes32[] memory pending = new bytes32[](1);
        pending[0] = Root.unwrap(c.payloadRoot);
        try availability.publish(runs.workClaimId(RUN, round, seat), c, pending, payloadLeaf()) {
            ++voices.publications;
            if (!availability.availableOf(RUN, round).has(runs.seatOf(RUN, seat).index)) _unfairness.isCensored = true;
        } catch {}
    }

    function attest(uint256 member, uint256 received) public watched {
        member %= OWNERS;
        uint32 round = runs.runOf(RUN).round;
        vm.prank(nodeOf(member));
        try availability.attest(RUN, round, MemberSet.wrap(received)) {
            ++voices.spoken;
        } catch {}
    }

    /// @dev The committee speaks, some seal a verdict on one claim, half of the audit window passes, and they reveal what
    /// they have sealed.
    function judge(uint256 which) public {
        if ((which >> 8) % 4 == 0) censor(which);
        else speak(which >> 8);
        for (uint256 member = 0; member < OWNERS; ++member) sealVerdict(member, which);
        wait(uint16(AUDIT_WINDOW / 4));
        for (uint256 member = 0; member < OWNERS; ++member) sealVerdict(member, which);
        wait(uint16(AUDIT_WINDOW / 4));
        for (uint256 member = 0; member < OWNERS; ++member) reveal(member);
    }

    function sealVerdict(uint256 member, uint256 which) public watched {
        member %= OWNERS;
        uint32 round = runs.runOf(RUN).round;
        uint32 seat = uint32(1 + (which % OWNERS));
        ClaimId work = runs.workClaimId(RUN, round, seat);
        try runs.drawn(RUN, round, seat) returns (bool, uint8 segment) {
            IVerdicts.Verdict memory verdict = IVerdicts.Verdict(
                ownerOf(member),
                work,
                segment,
                "before",
                // Now and then one of them differs.
                which % 3 == 0 ? bytes32(member) : bytes32("trace"),
                "leaves"
            );
            vm.prank(nodeOf(member));
            try verdicts.seal(RUN, round, keccak256(bytes.concat(keccak256(abi.encode(verdict, SALT))))) {
                _sealed[member] = verdict;
            } catch {}
        } catch {}
    }

    function reveal(uint256 member) public watched {
        member %= OWNERS;
        IVerdicts.Verdict memory verdict = _sealed[member];
        uint32 seat = runs.seatOfOwner(RUN, ownerOf(member));
        vm.prank(nodeOf(member));
        try verdicts.reveal(verdict, SALT, new bytes32[](0)) {
            bonds[ownerOf(member)] += CHALLENGE_BOND;
            ++revealed;
            _posted.push(verdicts.verdictClaimId(verdict.work, seat));
        } catch {}
    }

    function report(uint256 member) external watched {
        uint32 round = runs.runOf(RUN).round;
        vm.prank(nodeOf(member % OWNERS));
        try verdicts.report(RUN, round, MemberSet.wrap(0)) {} catch {}
    }

    function aggregate(uint256 member, uint256 subset) public watched {
        member %= OWNERS;
        uint32 round = runs.runOf(RUN).round;
        IRuns.RoundView memory facts = runs.roundOf(RUN, round);
        MemberSet available = availability.availableOf(RUN, round);
        uint256 due = MemberSet.unwrap(facts.committed.minus(facts.challenged).intersect(available));
        // Every other time all of them, so that most rounds end well.
        uint256 accepted = subset % 2 == 0 ? due : due & subset;
        vm.prank(nodeOf(member));
        try runs.claimAggregate(RUN, round, MemberSet.wrap(accepted), Root.wrap(keccak256(abi.encode(subset)))) {
            bonds[ownerOf(member)] += AGGREGATE_BOND;
            _posted.push(aggregateOf(round, runs.roundOf(RUN, round).aggregates.length));
        } catch {}
    }

    function tick() public watched {
        try runs.tick(RUN) {
            vm.roll(vm.getBlockNumber() + 1);
        } catch {}
    }

    function wait(uint16 elapsed) public watched {
        pass(elapsed % 500);
    }

    function challenge(uint256 member, uint256 which) external watched {
        if (_posted.length == 0) return;
        ClaimId id = _posted[which % _posted.length];
        bytes32 word = claims.wordOf(id);
        try game.challenge(id, word, ownerOf(member % OWNERS)) {
            bonds[ownerOf(member % OWNERS)] += CHALLENGE_BOND;
            _challenged.push(id);
        } catch {}
    }

    function decide(uint256 member, uint256 which, bool isVoided) external watched {
        if (_challenged.length == 0) return;
        ClaimId id = _challenged[which % _challenged.length];
        address challenger = ownerOf(member % OWNERS);
        (address claimant, uint256 bond) = claimantOf(id);
        if (isVoided) {
            try game.void(id, challenger) {
                ++voided;
                bonds[claimant] -= bond;
                bonds[challenger] -= CHALLENGE_BOND;
            } catch {}
        } else {
            try game.uphold(id, challenger) {
                bonds[challenger] -= CHALLENGE_BOND;
            } catch {}
        }
    }

    function release(uint256 which, uint256 member) external watched {
        if (_posted.length == 0) return;
        ClaimId id = _posted[which % _posted.length];
        address challenger = ownerOf(member % OWNERS);
        (address claimant, uint256 bond) = claimantOf(id);
        try claims.release(id) {
            bonds[claimant] -= bond;
        } catch {}
        try game.releaseChallenge(id, challenger) {
            bonds[challenger] -= CHALLENGE_BOND;
        } catch {}
    }

    /// @dev The first that has not served, from one of the claims on.
    function reportUnserved(uint256 which) external watched {
        uint256 reported = voices.unserved;
        for (uint256 i = 0; i < _posted.length && voices.unserved == reported; ++i) {
            ClaimId work = _posted[((which % _posted.length) + i) % _posted.length];
            try availability.reportUnserved(work) {
                ++voices.unserved;
                bonds[runs.seatOf(RUN, work.numberOf()).owner] -= SERVICE_DEPOSIT;
            } catch {}
        }
    }

    function claimOrForfeit(uint256 which) external watched {
        if (_posted.length == 0) return;
        ClaimId id = _posted[which % _posted.length];
        if (id.kind() != ClaimKind.WORK) return;
        uint32[] memory rounds = new uint32[](1);
        rounds[0] = id.roundOf();
        try ownership.claimShares(RUN, id.numberOf(), rounds) returns (uint96 amount) {
            if (_isPaid[id]) paidTwice = true;
            _isPaid[id] = true;
            minted += amount;
        } catch {}
        try ownership.forfeit(id) {
            if (_isPaid[id]) paidTwice = true;
            _isPaid[id] = true;
        } catch {}
    }

    /// @dev The first verdict that is to be paid or forfeited, from one of the claims on.
    function collectVerdict(uint256 which) external watched {
        uint256 collected = verdictPays.paid + verdictPays.forfeited;
        for (uint256 i = 0; i < _posted.length && verdictPays.paid + verdictPays.forfeited == collected; ++i) {
            ClaimId id = _posted[((which % _posted.length) + i) % _posted.length];
            if (id.kind() == ClaimKind.VERDICT) claimOrForfeitVerdict(id);
        }
    }

    function claimOrForfeitVerdict(ClaimId id) private {
        ClaimId[] memory ids = new ClaimId[](1);
        ids[0] = id;
        try ownership.claimVerdictShares(ids) returns (uint96 amount) {
            if (_isPaid[id]) paidTwice = true;
            _isPaid[id] = true;
            minted += amount;
            ++verdictPays.paid;
        } catch {}
        try ownership.forfeitVerdict(id) {
            if (_isPaid[id]) paidTwice = true;
            _isPaid[id] = true;
            ++verdictPays.forfeited;
        } catch {}
    }

    function unbond(uint256 member, uint128 amount, bool isWithdrawn) external watched {
        vm.prank(ownerOf(member % OWNERS));
        if (isWithdrawn) {
            try stake.withdraw() {} catch {}
        } else {
            try stake.startUnbonding(amount % 10 ether) {} catch {}
        }
    }

    function claimantOf(ClaimId id) private view returns (address, uint256) {
        ClaimKind kind = id.kind();
        if (kind == ClaimKind.AGGREGATE) return (claimantAt(address(runs), id), AGGREGATE_BOND);
        if (kind == ClaimKind.VERDICT) return (claimantAt(address(verdicts), id), CHALLENGE_BOND);
        IRuns.Seat memory seat = runs.seatOf(RUN, id.numberOf());
        if (kind == ClaimKind.WORK) return (seat.owner, MINER_BOND);
        return (seat.owner, seat.role == IRuns.Role.MINER ? SERVICE_DEPOSIT : DUTY_DEPOSIT);
    }

    function claimantAt(address source, ClaimId id) private view returns (address) {
        return IClaimSource(source).termsOf(id).claimant;
    }

    /// @dev What no sequence of calls may break.
    function requireConservedStake() external view {
        uint256 total = stake.burned();
        for (uint256 i = 0; i < OWNERS; ++i) {
            IStakeManager.Account memory account = stake.accountOf(ownerOf(i));
            total += uint256(account.free) + account.locked + account.unbonding;
        }
        require(token.balanceOf(address(stake)) == total, "stake is not conserved");
    }

    function requireLockedIsBonds() external view {
        for (uint256 i = 0; i < OWNERS; ++i) {
            require(stake.accountOf(ownerOf(i)).locked == bonds[ownerOf(i)], "locked stake is not the bonds");
        }
    }

    function requireFairCommittees() external view {
        require(!_unfairness.isLeftOut, "a lying minority has left somebody out");
        require(!_unfairness.isCensored, "what was published is not available");
    }

    function requireSharesOnTheCurve() external view {
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ledger.accrued == ownership.curveDown(RUN, ledger.verifiedTokens), "not on the curve");
        uint256 given = ledger.carry + minted;
        for (uint256 i = 0; i < _posted.length; ++i) {
            ClaimId id = _posted[i];
            if (_isPaid[id]) continue;
            uint96 pay;
            if (id.kind() == ClaimKind.WORK) (pay, ) = ownership.payOf(RUN, id.roundOf(), id.numberOf());
            if (id.kind() == ClaimKind.VERDICT) (pay, ) = ownership.verdictPayOf(id);
            given += pay;
        }
        require(given == ledger.accrued, "shares do not sum to the curve");
        require(shares().totalSupply() == minted, "supply is not what was paid");
    }
}

contract InvariantsTest {
    Crowd private _crowd;
    Crowd.VerdictPays private _verdictPays;

    function setUp() public {
        _crowd = new Crowd();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_crowd);
    }

    function test_longStories_reachPayAndVoids_andBreakNothing() public {
        uint256 minted = 0;
        uint256 voided = 0;
        uint256 revealed = 0;
        uint256 spoken = 0;
        uint256 publications = 0;
        uint256 unserved = 0;
        for (uint256 seed = 0; seed < 3; ++seed) {
            setUp();
            tell(seed, 300);
            invariant_stakeIsConservedAndLockedStakeIsTheOpenBonds();
            invariant_sharesPaidOwedAndCarriedAreTheCurve();
            invariant_noRoundGoesBackwards_andNobodyIsPaidTwice();
            minted += _crowd.minted();
            voided += _crowd.voided();
            revealed += _crowd.revealed();
            (uint256 said, uint256 published, uint256 denounced) = _crowd.voices();
            spoken += said;
            publications += published;
            unserved += denounced;
            countVerdictPays();
            invariant_noLyingMinorityLeavesAnybodyOut_andNoCommitteeKeepsOutWhatIsPublished();
        }
        require(minted != 0, "nobody is paid");
        require(voided != 0 && revealed != 0, "nobody is challenged, or gives a verdict");
        require(spoken != 0 && publications != 0, "nobody says or publishes anything");
        require(unserved != 0, "nobody fails to serve");
        require(_verdictPays.paid != 0 && _verdictPays.forfeited != 0, "no verdict is paid, or none is forfeited");
    }

    function countVerdictPays() private {
        (uint256 paid, uint256 forfeited) = _crowd.verdictPays();
        _verdictPays.paid += paid;
        _verdictPays.forfeited += forfeited;
    }

    /// @dev A long story, the same for a seed.
    function tell(uint256 seed, uint256 length) private {
        for (uint256 i = 0; i < length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            uint256 actor = (word >> 8) % _crowd.OWNERS();
            uint256 which = word >> 16;
            uint256 action = uint8(word) % 16;
            if (action == 0) _crowd.join(actor, which % 4 == 0);
            else if (action == 1 && which % 4 == 0) _crowd.leave(actor);
            else if (action == 2 && which % 2 == 0) _crowd.challenge(actor, which);
            else if (action == 3) decideAny(which, which % 2 == 0);
            else if (action == 4 || action == 5) _crowd.release(which, actor);
            else if (action == 6 || action == 7) _crowd.claimOrForfeit(which);
            else if (action == 8) _crowd.collectVerdict(which);
            else if (action == 9) _crowd.unbond(actor, uint128(which), which % 2 == 0);
            else if (action == 10 && which % 8 == 0) _crowd.reportUnserved(which >> 8);
            else if (action == 10) _crowd.report(actor);
            else if (action == 11) _crowd.wait(uint16(which));
            else _crowd.advance(which);
        }
    }

    function decideAny(uint256 which, bool isVoided) private {
        for (uint256 member = 0; member < _crowd.OWNERS(); ++member) _crowd.decide(member, which, isVoided);
    }

    function invariant_stakeIsConservedAndLockedStakeIsTheOpenBonds() public view {
        _crowd.requireConservedStake();
        _crowd.requireLockedIsBonds();
    }

    function invariant_sharesPaidOwedAndCarriedAreTheCurve() public view {
        _crowd.requireSharesOnTheCurve();
    }

    function invariant_noLyingMinorityLeavesAnybodyOut_andNoCommitteeKeepsOutWhatIsPublished() public view {
        _crowd.requireFairCommittees();
    }

    function invariant_noRoundGoesBackwards_andNobodyIsPaidTwice() public view {
        require(!_crowd.wentBackwards(), "a round went backwards");
        require(!_crowd.paidTwice(), "a round was paid twice");
    }
}
