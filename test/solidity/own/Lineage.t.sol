// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILineage} from "../../../contracts/own/ILineage.sol";
import {IOwnership} from "../../../contracts/own/IOwnership.sol";
import {IShareToken} from "../../../contracts/own/IShareToken.sol";
import {ShareToken} from "../../../contracts/own/ShareToken.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {ParameterOutOfRange, RunParameters} from "../../../contracts/run/RunParameters.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Run 1 asks a tenth and a hundredth of a percent of its children; its first round has made a state.
contract LineageTest is Fixture {
    uint16 private constant ROYALTY = 1_001;
    /// @dev Divides by nothing.
    uint96 private constant SUPPLY = 1_000_000 ether + 7;
    Root private _state;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 1);
        openFirstRound();
        playRound(3);
        _state = runs.runOf(RUN).root;
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.shareSupply = SUPPLY;
        p.plannedTokens = 48_000;
        p.royalty = ROYALTY;
    }

    function child(Root genesisRoot, uint64 parent) private view returns (RunParameters memory p) {
        p = parameters();
        p.genesisRoot = genesisRoot;
        p.parent = parent;
    }

    function create(RunParameters memory p) private returns (ShareToken) {
        uint64 runId = runs.createRun(p, metadata());
        return ShareToken(ownership.shareTokenOf(runId));
    }

    function pool() private view returns (address) {
        return IShareToken(ownership.shareTokenOf(RUN)).credits();
    }

    function givenUp() private pure returns (uint256) {
        return (uint256(SUPPLY) * ROYALTY) / 10_000 + 1;
    }

    function test_registeredState_costsAChildItsRoyalty_andNoMoreSharesThanItHas() public {
        require(ownership.royaltyOf(RUN) == ROYALTY, "asks for something else");
        require(ownership.registerState(RUN, 1) == _state, "another state");
        require(ownership.isStateOf(_state, RUN) && ownership.isRegistered(_state), "not registered");
        ShareToken token = create(child(_state, RUN));
        require(token.balanceOf(pool()) == givenUp() && token.totalSupply() == givenUp(), "gave something else");
        require(token.cap() == SUPPLY, "other shares");
        // All that is planned is trained: the rest is earned, and nothing else.
        require(ownership.curveDown(2, 48_000) == SUPPLY - givenUp(), "the sum is not all shares");
        require(runs.parametersOf(2).parent == RUN && runs.parametersOf(2).royalty == ROYALTY, "not seen");
    }

    function test_registerState_again_changesNothing() public {
        ownership.registerState(RUN, 1);
        ownership.registerState(RUN, 1);
        require(ownership.isStateOf(_state, RUN), "not registered");
    }

    function test_registerState_ofARoundThatHasNotSettled_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRound.selector, RUN, uint32(3), uint32(2)));
        ownership.registerState(RUN, 2);
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRun.selector, uint64(2)));
        ownership.registerState(2, 1);
    }

    /// @dev What a run started from is not its own.
    function test_registerState_ofARoundThatChangedNothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ILineage.StateUnchanged.selector, RUN, uint32(0)));
        ownership.registerState(RUN, 0);
        pass(COMMIT_WINDOW);
        tickAll();
        require(runs.runOf(RUN).round == 3, "not settled");
        vm.expectRevert(abi.encodeWithSelector(ILineage.StateUnchanged.selector, RUN, uint32(2)));
        ownership.registerState(RUN, 2);
        require(!ownership.isRegistered(GENESIS), "registered");
    }

    /// @dev The round after is under way, or over.
    function test_registerState_laterGivesTheSame() public {
        playRound(3);
        require(ownership.registerState(RUN, 1) == _state, "another state");
        require(ownership.registerState(RUN, 2) == runs.runOf(RUN).root, "another state");
    }

    function test_createRun_fromARegisteredState_mustNameAParent() public {
        create(child(_state, 0));
        ownership.registerState(RUN, 1);
        vm.expectRevert(abi.encodeWithSelector(ILineage.ParentMissing.selector, _state));
        create(child(_state, 0));
        create(child(_state, RUN));
    }

    function test_createRun_namesNoParentButOneThatHasTheState() public {
        vm.expectRevert(abi.encodeWithSelector(ILineage.NotStateOf.selector, _state, RUN));
        create(child(_state, RUN));
        ownership.registerState(RUN, 1);
        for (uint64 other = 2; other < 4; ++other) {
            vm.expectRevert(abi.encodeWithSelector(ILineage.NotStateOf.selector, _state, other));
            create(child(_state, other));
        }
        vm.expectRevert(abi.encodeWithSelector(ILineage.NotStateOf.selector, GENESIS, RUN));
        create(child(GENESIS, RUN));
        create(child(_state, RUN));
    }

    function test_createRun_asksAtMostThreeTenths() public {
        RunParameters memory p = parameters();
        p.royalty = 3_001;
        vm.expectRevert(abi.encodeWithSelector(ParameterOutOfRange.selector, bytes32("royalty"), 3_001, 0, 3_000));
        create(p);
        p.royalty = 3_000;
        create(p);
        require(ownership.royaltyOf(2) == 3_000, "asks for something else");
    }

    function test_smallestSupply_isGivenUp() public {
        ownership.registerState(RUN, 1);
        RunParameters memory p = child(_state, RUN);
        p.shareSupply = 1;
        require(create(p).balanceOf(pool()) == 1 && ownership.curveDown(2, 48_000) == 0, "rounded down");
    }
}

/// @dev Run 1 asks nothing.
contract PublicStateTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 1);
        openFirstRound();
        playRound(3);
    }

    function test_publicState_costsNothing() public {
        Root state = ownership.registerState(RUN, 1);
        RunParameters memory p = parameters();
        (p.genesisRoot, p.parent) = (state, RUN);
        runs.createRun(p, metadata());
        require(ShareToken(ownership.shareTokenOf(2)).totalSupply() == 0, "cost something");
        require(ownership.curveDown(2, p.plannedTokens) == p.shareSupply, "other shares");
    }
}

/// @dev A child that is trained: its miners earn what is left, along the curve.
contract TrainedChildTest is Fixture {
    /// @dev The run that is played is a child, of one whose state was registered.
    function test_shares_ofAWholeTraining_sumToTheSupply() public {
        deploy();
        createRun();
        enlistAll(3, 1);
        openFirstRound();
        playRound(3);
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ledger.accrued == parameters().shareSupply && ledger.verifiedTokens == 48_000, "not trained");
        Root state = ownership.registerState(RUN, 1);
        RunParameters memory p = parameters();
        (p.genesisRoot, p.parent) = (state, RUN);
        uint64 runId = runs.createRun(p, metadata());
        vm.prank(address(runs));
        ownership.accrue(runId, 1, 48, 48_000);
        ledger = ownership.ledgerOf(runId);
        uint256 given = ShareToken(ownership.shareTokenOf(runId)).totalSupply();
        require(given == (uint256(p.shareSupply) * 3) / 10, "gave something else");
        require(ledger.accrued + given == p.shareSupply, "the sum is not all shares");
        uint256 paid = uint256(ownership.payPerSegment(runId, 1)) * 48;
        require(paid + ledger.carry == ledger.accrued, "paid something else");
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.plannedTokens = 48_000;
        p.royalty = 3_000;
    }
}
