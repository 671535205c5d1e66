// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CreditFixture} from "../lib/CreditFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev 200 holders do at random what they can, and a slow twin counts what each has earned: at every spend it gives every
/// holder its part of it. Seeds differ by contract, so that one test is one transaction of moderate length.
abstract contract Conservation is CreditFixture {
    uint256 private constant HOLDERS = 200;
    uint256 private constant OPERATIONS = 5_000;
    /// @dev The twin's precision: 1e-36 of a unit.
    uint256 private constant FINE = 1e36;
    uint256 private immutable SEED;

    /// @dev Lives in memory. Holders count from 0. Amounts of credits are in `FINE` where they can be fractions.
    struct Twin {
        uint256[] registered;
        uint256[] balance;
        uint256[] due;
        uint256[] claimed;
        uint256 weight;
        uint256 minted;
        uint256 served;
        uint256[6] done;
    }

    constructor(uint256 seed) {
        SEED = seed;
    }

    function setUp() public {
        deployCredits();
    }

    function test_5000_operationsOf200Holders_loseAndMakeNothing() public {
        Twin memory twin = Twin(
            new uint256[](HOLDERS),
            new uint256[](HOLDERS),
            new uint256[](HOLDERS),
            new uint256[](HOLDERS),
            0,
            0,
            0,
            [uint256(0), 0, 0, 0, 0, 0]
        );
        uint256 word = uint256(keccak256(abi.encode("conservation", SEED)));
        for (uint256 i = 1; i <= OPERATIONS; ++i) {
            word = uint256(keccak256(abi.encode(word)));
            operate(twin, word);
            if (i % 500 == 0) requireConserved(twin);
        }
        for (uint256 kind = 0; kind < 6; ++kind) require(twin.done[kind] > OPERATIONS / 20, "hardly ever happens");
        for (uint256 i = 0; i < HOLDERS; ++i) claim(twin, i);
        requireConserved(twin);
    }

    function operate(Twin memory twin, uint256 word) private {
        uint256 kind = uint8(word) % 6;
        uint256 one = uint32(word >> 8) % HOLDERS;
        uint256 other = uint32(word >> 40) % HOLDERS;
        uint256 amount = uint64(word >> 72);
        ++twin.done[kind];
        if (kind == 0) mint(twin, one, amount);
        else if (kind == 1) register(twin, one);
        else if (kind == 2) transfer(twin, one, other, amount);
        else if (kind == 3) spend(twin, one, amount);
        else if (kind == 4) claim(twin, one);
        else pass(one, other, amount);
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
        uint256 toServer = spendBy(one, uint64(amount), address(0x5e));
        twin.served += toServer;
        require(toServer == (amount * (1e6 - OWNERS_SHARE)) / 1e6, "another part for the server");
        uint256 part = (amount - toServer) * FINE;
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

    function requireConserved(Twin memory twin) private view {
        uint256 out = 0;
        uint256 owed = 0;
        for (uint256 i = 0; i < HOLDERS; ++i) {
            out += credits.balanceOf(holder(i));
            uint256 earned = earnedBy(holder(i));
            owed += earned;
            // What is left over of a spend, less than 1e-27 for each share, is given with the next one.
            uint256 due = twin.due[i] + FINE / 1_000 - twin.claimed[i];
            require(earned * (FINE / UNIT) <= due, "more than its part");
            require(earned * (FINE / UNIT) + FINE / 500 >= due, "less than its part");
        }
        require(out == credits.totalSupply(), "credits out of nowhere");
        require(out + credits.pooled() == SUPPLY, "credits are not conserved");
        (, uint96 remainder, uint96 registered) = credits.ownersPart();
        require(registered == twin.weight, "other shares earn");
        require(remainder < registered, "too much is left over");
        owed += uint256(credits.servedOf(address(0x5e))) * UNIT + remainder;
        uint256 brought = (SUPPLY * UNIT * registered) / CAP;
        require(owed + SUPPLY * UNIT - brought == credits.pooled() * UNIT, "the pool is not what it owes");
        require(credits.servedOf(address(0x5e)) == twin.served, "another part for the server");
    }
}

contract ConservationOfSeed1 is Conservation(1) {}

contract ConservationOfSeed2 is Conservation(2) {}

contract ConservationOfSeed3 is Conservation(3) {}

contract ConservationOfSeed4 is Conservation(4) {}
