// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../../../contracts/credit/IMarket.sol";
import {ISessions} from "../../../contracts/serve/ISessions.sol";
import {SessionFixture} from "../lib/SessionFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev 200 holders do at random what they can, and a slow twin counts what each has earned: at every spend it gives every
/// holder its part of it. Seeds differ by contract, so that
/// one test is one transaction of moderate length.
abstract contract Conservation is SessionFixture {
    uint256 private constant HOLDERS = 200;
    uint256 private constant KINDS = 8;
    /// @dev Serves those who spend without a session.
    address private constant DIRECT = address(0x5d);
    /// @dev The twin's precision: 1e-36 of a unit.
    uint256 private constant FINE = 1e36;
    uint256 private immutable SEED;

    IMarket private _market;
    uint256 private _orders;
    uint64[] private _sessions;
    mapping(uint64 session => uint256) private _clients;

    /// @dev Lives in memory. Holders count from 0. Amounts of credits are in `FINE` where they can be fractions.
    struct Twin {
        uint256[] registered;
        uint256[] balance;
        uint256[] due;
        uint256[] claimed;
        uint256 weight;
        uint256 minted;
        uint256 served;
        uint256 drawn;
        uint256[KINDS] done;
    }

    constructor(uint256 seed) {
        SEED = seed;
    }

    function setUp() public {
        deploySessions();
        _market = IMarket(create("credit/Market.sol:Market", ""));
        for (uint256 i = 0; i < HOLDERS; ++i) {
            vm.prank(holder(i));
            credits.approve(address(sessions), type(uint256).max);
            vm.prank(holder(i));
            credits.approve(address(_market), type(uint256).max);
        }
    }

    /// @dev 5,000 operations, or as many as the command says.
    function test_operationsOf200Holders_loseAndMakeNothing() public {
        uint256 operations = vm.envOr("SWARMLOCK_OPERATIONS", uint256(5_000));
        uint256 word = uint256(keccak256(abi.encode("conservation", SEED, vm.envOr("SWARMLOCK_SEED", uint256(1)))));
        Twin memory twin;
        twin.registered = new uint256[](HOLDERS);
        twin.balance = new uint256[](HOLDERS);
        twin.due = new uint256[](HOLDERS);
        twin.claimed = new uint256[](HOLDERS);
        for (uint256 i = 1; i <= operations; ++i) {
            word = uint256(keccak256(abi.encode(word)));
            operate(twin, word);
            if (i % 500 == 0) requireConserved(twin);
        }
        for (uint256 kind = 0; kind < KINDS; ++kind) require(twin.done[kind] > operations / 20, "hardly ever happens");
        for (uint256 i = 0; i < HOLDERS; ++i) claim(twin, i);
        requireConserved(twin);
    }

    function operate(Twin memory twin, uint256 word) private {
        uint256 kind = uint8(word) % KINDS;
        uint256 one = uint32(word >> 8) % HOLDERS;
        uint256 other = uint32(word >> 40) % HOLDERS;
        uint256 amount = uint64(word >> 72);
        ++twin.done[kind];
        if (kind == 0) mint(twin, one, amount);
        else if (kind == 1) register(twin, one);
        else if (kind == 2) transfer(twin, one, other, amount);
        else if (kind == 3) spend(twin, one, amount);
        else if (kind == 4) claim(twin, one);
        else if (kind == 5) pass(one, other, amount);
        else if (kind == 6) trade(one, other, amount);
        else infer(twin, one, amount);
    }

    function mint(Twin memory twin, uint256 one, uint256 amount) private {
        // From dust to much.
        uint256 most = (CAP - twin.minted) >> (amount % 40);
        amount = most == 0 ? 0 : (amount * 1e9) % most;
        shares.mint(holder(one), amount);
        twin.balance[one] += amount;
        twin.minted += amount;
    }

    function register(Twin memory twin, uint256 one) private {
        credits.register(holder(one));
        enter(twin, one);
    }

    /// @dev Shares bring their part of the supply, and count from now on.
    function enter(Twin memory twin, uint256 one) private pure {
        uint256 added = twin.balance[one] - twin.registered[one];
        twin.due[one] += (added * SUPPLY * FINE) / CAP;
        twin.registered[one] += added;
        twin.weight += added;
    }

    function transfer(Twin memory twin, uint256 one, uint256 other, uint256 amount) private {
        amount = amount % 3 == 0 ? twin.balance[one] : (amount * 1e9) % (twin.balance[one] + 1);
        transferBy(one, other, amount);
        if (one == other) return;
        enter(twin, one);
        enter(twin, other);
        twin.balance[one] -= amount;
        twin.registered[one] -= amount;
        twin.balance[other] += amount;
        twin.registered[other] += amount;
    }

    function spend(Twin memory twin, uint256 one, uint256 amount) private {
        uint256 balance = credits.balanceOf(holder(one));
        if (balance == 0) return;
        amount = 1 + (amount % (amount % 3 == 0 ? balance : (balance + 99) / 100));
        uint256 toServer = spendBy(one, uint64(amount), DIRECT);
        twin.served += toServer;
        require(toServer == (amount * (1e6 - OWNERS_SHARE)) / 1e6, "another part for the server");
        share(twin, amount - toServer);
    }

    function share(Twin memory twin, uint256 toOwners) private pure {
        uint256 part = toOwners * FINE;
        (uint256[] memory due, uint256[] memory registered) = (twin.due, twin.registered);
        uint256 weight = twin.weight;
        for (uint256 i = 0; i < HOLDERS; ++i) {
            if (registered[i] != 0) due[i] += (part * registered[i]) / weight;
        }
    }

    function claim(Twin memory twin, uint256 one) private {
        uint256 got = credits.claim(holder(one));
        enter(twin, one);
        twin.claimed[one] += got * FINE;
    }

    /// @dev Credits change hands.
    function pass(uint256 one, uint256 other, uint256 amount) private {
        amount = amount % (credits.balanceOf(holder(one)) + 1);
        vm.prank(holder(one));
        credits.transfer(holder(other), amount);
    }

    /// @dev Of credits for nothing: what is paid is another test's matter.
    function trade(uint256 one, uint256 other, uint256 amount) private {
        uint256 what = amount % 3;
        uint256 balance = credits.balanceOf(holder(one));
        if (what == 0 && balance != 0) {
            vm.prank(holder(one));
            _orders = _market.place(address(credits), address(credits), uint64(1 + (amount % balance)), 0);
        }
        if (_orders == 0) return;
        uint256[] memory orders = new uint256[](1);
        orders[0] = 1 + ((amount >> 8) % _orders);
        IMarket.Order memory order = _market.orderOf(orders[0]);
        if (what == 1 && order.left != 0) {
            vm.prank(holder(other));
            _market.take(orders, address(credits), address(credits), uint64(1 + (amount % order.left)), 0);
        } else if (what == 2 && order.seller != address(0)) {
            vm.prank(order.seller);
            _market.cancel(orders[0]);
        }
    }

    function infer(Twin memory twin, uint256 one, uint256 amount) private {
        uint256 what = amount % 8;
        uint256 balance = credits.balanceOf(holder(one));
        if (what == 0) {
            uint64 opened = openBy(one, uint48(amount % (balance + 1)));
            _sessions.push(opened);
            _clients[opened] = one;
        }
        if (_sessions.length == 0) return;
        uint64 session = _sessions[(amount >> 16) % _sessions.length];
        if (what == 1) {
            address client = holder(_clients[session]);
            bool isClosed = sessions.sessionOf(address(credits), session).client == address(0);
            if (isClosed) return;
            vm.prank(client);
            sessions.close(address(credits), session);
            vm.prank(GATEWAY);
            sessions.close(address(credits), session);
            sessions.refund(address(credits), session);
        } else if (what == 2) {
            sessions.pull(address(credits), route, payees(), amount % 2);
        } else {
            draw(twin, session, amount >> 8);
        }
    }

    /// @dev Sometimes more than is left, which is skipped.
    function draw(Twin memory twin, uint64 session, uint256 amount) private {
        ISessions.Session memory at = sessions.sessionOf(address(credits), session);
        uint48 drawn = uint48(at.drawn + (amount % (uint256(at.left) + at.left / 8 + 2)));
        uint256 served = sessions.earnedOf(address(credits), route);
        uint256 spent = sessions.settle(address(credits), one(voucher(_clients[session], session, route, drawn)));
        require(spent == (drawn - at.drawn > at.left ? 0 : drawn - at.drawn), "drew another amount");
        served = sessions.earnedOf(address(credits), route) - served;
        require(served == (spent * (1e6 - OWNERS_SHARE)) / 1e6, "another part for the route");
        twin.drawn += served;
        if (spent != 0) share(twin, spent - served);
    }

    function requireEscrowed() private view {
        uint256 offered = 0;
        for (uint256 i = 1; i <= _orders; ++i) offered += _market.orderOf(i).left;
        require(credits.balanceOf(address(_market)) == offered, "the market has other credits than it should");
        uint256 sum = 0;
        for (uint256 i = 0; i < _sessions.length; ++i) sum += left(_sessions[i]);
        require(credits.balanceOf(address(sessions)) == sum, "sessions have other credits than is left");
    }

    function requireConserved(Twin memory twin) private view {
        requireEscrowed();
        uint256 circulating = credits.balanceOf(SERVER) + credits.balanceOf(OTHER_SERVER);
        uint256 pulled = circulating;
        uint256 owed = 0;
        for (uint256 i = 0; i < HOLDERS; ++i) {
            circulating += credits.balanceOf(holder(i));
            uint256 earned = earnedBy(holder(i));
            owed += earned;
            // What is left over of a spend, less than 1e-27 for each share, is given with the next one.
            uint256 due = twin.due[i] + FINE / 1_000 - twin.claimed[i];
            require(earned * (FINE / UNIT) <= due, "more than its part");
            require(earned * (FINE / UNIT) + FINE / 500 >= due, "less than its part");
        }
        uint256 escrowed = credits.balanceOf(address(sessions)) + credits.balanceOf(address(_market));
        require(circulating + escrowed == credits.totalSupply(), "credits out of nowhere");
        require(circulating + escrowed + credits.pooled() == SUPPLY, "credits are not conserved");
        (, uint96 remainder, uint96 registered) = credits.ownersPart();
        require(registered == twin.weight && remainder <= registered, "other shares earn, or too much is left over");
        require(credits.servedOf(DIRECT) == twin.served, "another part for who serves directly");
        require(credits.servedOf(address(sessions)) == twin.drawn - pulled, "another part for the route");
        owed += (twin.served + twin.drawn - pulled) * UNIT + remainder;
        uint256 brought = (SUPPLY * UNIT * registered) / CAP;
        require(owed + SUPPLY * UNIT - brought == credits.pooled() * UNIT, "the pool is not what it owes");
    }
}

contract ConservationOfSeed1 is Conservation(1) {}

contract ConservationOfSeed2 is Conservation(2) {}

contract ConservationOfSeed3 is Conservation(3) {}

contract ConservationOfSeed4 is Conservation(4) {}
