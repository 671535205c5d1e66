// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {IRoutes} from "../../../contracts/serve/IRoutes.sol";
import {ISessions} from "../../../contracts/serve/ISessions.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {SessionFixture} from "../lib/SessionFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev An account that is a contract, and signs with a key of its own.
contract SmartAccount is IERC1271 {
    bytes32 private _agreed;

    function agreeTo(bytes32 digest) external {
        _agreed = digest;
    }

    function execute(address target, bytes calldata data) external {
        (bool isOk, ) = target.call(data);
        require(isOk, "refused");
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == _agreed ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @dev Client 1 has a session of 1,000 credits with the gateway, client 2 one of 500.
contract SessionsTest is SessionFixture {
    bytes32 private constant OPENING = keccak256(
        "Opening(address credits,address client,address gateway,address key,uint32 route,uint48 amount,uint48 deadline,uint256 nonce)"
    );

    uint64 private _first;
    uint64 private _second;

    function setUp() public {
        deploySessions();
        welcome(1);
        welcome(2);
        _first = openBy(1, 1_000);
        _second = openBy(2, 500);
    }

    function settle(ISessions.Voucher memory only) private returns (uint64) {
        return sessions.settle(address(credits), one(only));
    }

    /// @dev Settles a voucher that is skipped for this reason, and draws nothing.
    function requireSkipped(ISessions.Voucher memory bad, ISessions.Flaw flaw) private {
        uint256 escrowed = credits.balanceOf(address(sessions));
        vm.recordLogs();
        require(settle(bad) == 0, "drawn");
        bytes memory data = vm.getRecordedLogs()[0].data;
        (, ISessions.Flaw found) = abi.decode(data, (uint32, ISessions.Flaw));
        require(found == flaw, "skipped for another reason");
        require(credits.balanceOf(address(sessions)) == escrowed, "escrow was touched");
    }

    function requireEscrowIsWhatIsLeft(uint256 sum) private view {
        require(credits.balanceOf(address(sessions)) == sum, "escrow is not what is left");
        require(credits.totalSupply() + credits.pooled() == SUPPLY, "not conserved");
    }

    function test_open_putsCreditsInEscrow() public view {
        ISessions.Session memory session = sessions.sessionOf(address(credits), _first);
        require(session.client == holder(1) && session.gateway == GATEWAY && session.key == vm.addr(keyOf(1)), "other");
        require(session.left == 1_000 && session.drawn == 0 && session.closesAt.isZero(), "other amounts");
        require(uint32(_first) == route && _first >> 32 == 1 && _second >> 32 == 2, "named otherwise");
        requireEscrowIsWhatIsLeft(1_500);
    }

    function test_open_withoutAKey_reverts() public {
        vm.expectRevert(ISessions.NoKey.selector);
        sessions.open(address(credits), GATEWAY, address(0), route, 0);
        sessions.open(address(credits), GATEWAY, GATEWAY, route, 0);
    }

    function test_open_toARouteOfAnother_orToNone_reverts() public {
        bytes4 selector = IRoutes.RouteOfAnother.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, route, GATEWAY, address(this)));
        sessions.open(address(credits), address(this), GATEWAY, route, 0);
        vm.expectRevert(abi.encodeWithSelector(selector, route + 1, address(0), GATEWAY));
        sessions.open(address(credits), GATEWAY, GATEWAY, route + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(selector, route + 1, address(0), address(0)));
        sessions.open(address(credits), address(0), GATEWAY, route + 1, 0);
    }

    function openingOf(address client, uint48 amount) private view returns (ISessions.Opening memory) {
        return ISessions.Opening(address(credits), client, GATEWAY, vm.addr(keyOf(1)), route, amount, now_());
    }

    function contentOf(ISessions.Opening memory opening, uint256 nonce) private pure returns (bytes32) {
        return keccak256(abi.encode(OPENING, opening, nonce));
    }

    function signed(uint256 key, bytes32 content) private view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = sign(key, content);
        uint8 v = 27 + uint8(uint256(vs) >> 255);
        return abi.encodePacked(r, (vs << 1) >> 1, v);
    }

    function test_openFor_takesTheClientsSignature_once() public {
        address client = vm.addr(99);
        vm.prank(holder(1));
        credits.transfer(client, 100);
        vm.prank(client);
        credits.approve(address(sessions), type(uint256).max);
        ISessions.Opening memory opening = openingOf(client, 40);
        bytes memory signature = signed(99, contentOf(opening, 0));
        opening.amount = 41;
        vm.expectRevert(abi.encodeWithSelector(ISessions.InvalidOpening.selector, client));
        sessions.openFor(opening, signature);
        opening.amount = 40;
        uint64 session = sessions.openFor(opening, signature);
        require(sessions.sessionOf(address(credits), session).client == client && left(session) == 40, "other");
        vm.expectRevert(abi.encodeWithSelector(ISessions.InvalidOpening.selector, client));
        sessions.openFor(opening, signature);
    }

    function test_openFor_afterTheDeadline_reverts() public {
        ISessions.Opening memory opening = openingOf(vm.addr(99), 0);
        bytes memory signature = signed(99, contentOf(opening, 0));
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(abi.encodeWithSelector(ISessions.OpeningExpired.selector, opening.deadline));
        sessions.openFor(opening, signature);
    }

    function test_openFor_aSmartAccount_asksItOnce_andItsKeyDrawsWithoutACall() public {
        SmartAccount account = new SmartAccount();
        vm.prank(holder(1));
        credits.transfer(address(account), 100);
        account.execute(address(credits), abi.encodeCall(credits.approve, (address(sessions), 100)));
        ISessions.Opening memory opening = openingOf(address(account), 60);
        vm.expectRevert(abi.encodeWithSelector(ISessions.InvalidOpening.selector, address(account)));
        sessions.openFor(opening, "");
        bytes32 content = contentOf(opening, 0);
        account.agreeTo(keccak256(abi.encodePacked(hex"1901", domainOf(address(sessions)), content)));
        uint64 session = sessions.openFor(opening, "");
        account.agreeTo(0);
        require(settle(voucher(1, session, route, 60)) == 60, "not drawn");
    }

    function test_vouchers_areCumulative_andTheLatestDrawsWhatIsNew() public {
        require(settle(voucher(1, _first, route, 100)) == 100, "not drawn");
        require(settle(voucher(1, _first, route, 350)) == 250, "not what is new");
        require(left(_first) == 650 && sessions.drawnOf(address(credits), _first, route) == 350, "other amounts");
        requireEscrowIsWhatIsLeft(1_150);
        // 43% of each, rounded down.
        require(sessions.earnedOf(address(credits), route) == 43 + 107, "another part");
        require(credits.servedOf(address(sessions)) == 43 + 107, "the pool owes another part");
    }

    function test_vouchers_areCountedByRoute() public {
        uint32 other = registerBy(GATEWAY);
        settle(voucher(1, _first, route, 100));
        require(settle(voucher(1, _first, other, 80)) == 80, "not by route");
        require(settle(voucher(1, _first, other, 90)) == 10, "not cumulative by route");
        require(sessions.drawnOf(address(credits), _first, other) == 90 && left(_first) == 810, "other amounts");
        requireSkipped(voucher(1, _first, other, 901), ISessions.Flaw.OVERDRAWN);
        require(settle(voucher(1, _first, other, 900)) == 810, "all that is left");
    }

    function test_voucher_forARouteThatIsNot_isSkipped_soThatNobodyCanRegisterItLater() public {
        requireSkipped(voucher(1, _first, route + 1, 10), ISessions.Flaw.UNROUTED);
        registerBy(GATEWAY);
        require(settle(voucher(1, _first, route + 1, 10)) == 10, "not drawn");
    }

    function test_voucher_replayed_isSkipped() public {
        ISessions.Voucher memory used = voucher(1, _first, route, 100);
        settle(used);
        requireSkipped(used, ISessions.Flaw.SPENT);
        requireSkipped(voucher(1, _first, route, 99), ISessions.Flaw.SPENT);
        require(settle(voucher(1, _first, route, 101)) == 1, "one more");
    }

    function test_voucher_overdrawn_isSkipped_andAllOfTheSessionIsNot() public {
        requireSkipped(voucher(1, _first, route, 1_001), ISessions.Flaw.OVERDRAWN);
        require(settle(voucher(1, _first, route, 1_000)) == 1_000, "not all");
        requireEscrowIsWhatIsLeft(500);
    }

    function test_voucher_forged_isSkipped() public {
        // By another client's key, for another amount, with a word of the signature missing or changed.
        requireSkipped(voucher(2, _first, route, 100), ISessions.Flaw.FORGED);
        ISessions.Voucher memory bad = voucher(1, _first, route, 100);
        bad.drawn = 101;
        requireSkipped(bad, ISessions.Flaw.FORGED);
        bad.drawn = 100;
        bad.vs ^= bytes32(uint256(1));
        requireSkipped(bad, ISessions.Flaw.FORGED);
        bad.vs = 0;
        requireSkipped(bad, ISessions.Flaw.FORGED);
        bad = voucher(1, _first, route, 100);
        bad.r = 0;
        requireSkipped(bad, ISessions.Flaw.FORGED);
    }

    function test_voucher_ofAnotherSession_contract_orRun_isSkipped() public {
        uint64 again = openBy(1, 300);
        ISessions.Voucher memory bad = voucher(1, _first, route, 100);
        bad.session = again;
        requireSkipped(bad, ISessions.Flaw.FORGED);
        ISessions here = sessions;
        sessions = ISessions(address(0x1));
        bad = voucher(1, _first, route, 100);
        sessions = here;
        requireSkipped(bad, ISessions.Flaw.FORGED);
        requireSkipped(voucher(1, 77, route, 1), ISessions.Flaw.OVERDRAWN);
    }

    function test_settle_withoutOneGoodVoucher_drawsNothing_andDoesNotFail() public {
        require(sessions.settle(address(credits), new ISessions.Voucher[](0)) == 0, "something");
        requireSkipped(voucher(2, _first, route, 100), ISessions.Flaw.FORGED);
    }

    /// @dev A batch that is cut off in the middle of a voucher is no batch.
    function test_settle_truncated_reverts_andChangesNothing() public {
        ISessions.Voucher[] memory list = one(voucher(1, _first, route, 100));
        bytes memory data = abi.encodeCall(sessions.settle, (address(credits), list));
        assembly ("memory-safe") {
            mstore(data, sub(mload(data), 1))
        }
        (bool isOk, ) = address(sessions).call(data);
        require(!isOk && left(_first) == 1_000, "settled");
    }

    function test_settle_skipsTheBad_andDrawsTheOthers() public {
        uint32 other = registerBy(GATEWAY);
        ISessions.Voucher[] memory batch = new ISessions.Voucher[](6);
        batch[0] = voucher(1, _first, route, 100);
        batch[1] = voucher(2, _second, route, 501);
        batch[2] = voucher(2, _second, route, 100);
        batch[3] = voucher(1, _first, other, 50);
        batch[4] = voucher(2, _first, route, 300);
        batch[5] = voucher(1, _first, route, 150);
        require(sessions.settle(address(credits), batch) == 300, "not the good ones");
        require(left(_first) == 800 && left(_second) == 400, "other amounts");
        requireEscrowIsWhatIsLeft(1_200);
        // 43% of 200 and of 50, and of 50 again for the first route.
        require(sessions.earnedOf(address(credits), route) == 86 + 21, "another part");
        require(sessions.earnedOf(address(credits), other) == 21, "another part");
        require(credits.servedOf(address(sessions)) >= 86 + 21 + 21, "more than the pool has");
    }

    /// @dev The client promises the same credits to another gateway, or tries to have them back through a route of its own.
    function test_twoGateways_oneSession_onlyItsOwnIsPaid() public {
        uint32 its = registerBy(address(0xbad));
        require(sessions.gatewayOf(its) == address(0xbad) && sessions.gatewayOf(route) == GATEWAY, "not its own");
        requireSkipped(voucher(1, _first, its, 900), ISessions.Flaw.UNROUTED);
        ISessions.Voucher memory seen = voucher(1, _first, route, 100);
        seen.route = its;
        requireSkipped(seen, ISessions.Flaw.UNROUTED);
        // Who brings a voucher does not matter.
        seen.route = route;
        vm.prank(address(0xbad));
        settle(seen);
        require(sessions.earnedOf(address(credits), its) == 0, "paid the other gateway");
        require(sessions.earnedOf(address(credits), route) == 43, "did not pay the gateway");
        vm.prank(address(0xbad));
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotAParty.selector, address(0xbad), _first));
        sessions.close(address(credits), _first);
    }

    function test_topUp_addsToAnOpenSession_andToNoOther() public {
        vm.prank(holder(2));
        sessions.topUp(address(credits), _first, 200);
        require(left(_first) == 1_200, "not added");
        requireEscrowIsWhatIsLeft(1_700);
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotOpen.selector, uint64(77)));
        sessions.topUp(address(credits), 77, 1);
        vm.prank(holder(1));
        sessions.close(address(credits), _first);
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotOpen.selector, _first));
        sessions.topUp(address(credits), _first, 1);
    }

    function test_close_byTheClient_leavesTheGatewayTheDelay_inMidStream() public {
        settle(voucher(1, _first, route, 100));
        ISessions.Voucher memory last = voucher(1, _first, route, 160);
        vm.prank(holder(1));
        sessions.close(address(credits), _first);
        Instant closesAt = Instant.wrap(uint48(vm.getBlockTimestamp() + CLOSE_DELAY));
        vm.warp(vm.getBlockTimestamp() + CLOSE_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotClosed.selector, _first, closesAt));
        sessions.refund(address(credits), _first);
        // Asking again does not begin the delay again.
        vm.prank(holder(1));
        sessions.close(address(credits), _first);
        require(settle(last) == 60, "the last voucher is lost");
        vm.warp(vm.getBlockTimestamp() + 1);
        uint256 before = credits.balanceOf(holder(1));
        sessions.refund(address(credits), _first);
        require(credits.balanceOf(holder(1)) == before + 840, "another rest");
        requireEscrowIsWhatIsLeft(500);
    }

    function test_voucher_expired_afterTheRefund_isSkipped_andNothingIsRefundedTwice() public {
        vm.prank(GATEWAY);
        sessions.close(address(credits), _first);
        sessions.refund(address(credits), _first);
        requireSkipped(voucher(1, _first, route, 1), ISessions.Flaw.OVERDRAWN);
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotClosed.selector, _first, Instant.wrap(0)));
        sessions.refund(address(credits), _first);
        requireEscrowIsWhatIsLeft(500);
    }

    function test_close_byTheGateway_isAtOnce_alsoWhenTheClientHasAsked() public {
        vm.prank(holder(1));
        sessions.close(address(credits), _first);
        vm.prank(GATEWAY);
        sessions.close(address(credits), _first);
        sessions.refund(address(credits), _first);
        require(left(_first) == 0, "not refunded");
    }

    function test_close_byAnyoneElse_orOfNoSession_reverts() public {
        vm.prank(holder(2));
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotAParty.selector, holder(2), _first));
        sessions.close(address(credits), _first);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotOpen.selector, uint64(77)));
        sessions.close(address(credits), 77);
    }

    function test_refund_beforeAnyoneHasAsked_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ISessions.NotClosed.selector, _first, Instant.wrap(0)));
        sessions.refund(address(credits), _first);
    }

    /// @dev Random batches, good and bad: escrow is what is left, servers can pull what they earned, and no more is drawn
    /// than was signed.
    function testFuzz_settle_neverDrawsMoreThanWasSigned(uint256 seed) public {
        uint256 signed_ = 0;
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            bool isFirst = seed % 2 == 0;
            uint48 drawn = uint48(uint16(seed >> 8)) % 700;
            ISessions.Voucher memory next = voucher(1 + ((seed >> 32) % 8 == 0 ? 1 : 0), _first, route, drawn);
            if (!isFirst) next = voucher(2, _second, route, drawn);
            settle(next);
            if (drawn > signed_) signed_ = drawn;
        }
        require(1_000 - left(_first) <= signed_ && left(_first) >= 300, "more than was signed");
        requireEscrowIsWhatIsLeft(uint256(left(_first)) + left(_second));
        uint64 earned = sessions.earnedOf(address(credits), route);
        sessions.pull(address(credits), route, payees(), 0);
        sessions.pull(address(credits), route, payees(), 1);
        require(credits.balanceOf(SERVER) + credits.balanceOf(OTHER_SERVER) + 1 >= earned, "not pulled");
    }
}
