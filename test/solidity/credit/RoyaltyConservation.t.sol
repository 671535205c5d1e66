// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICredits} from "../../../contracts/credit/ICredits.sol";
import {RoyaltyFixture} from "../lib/RoyaltyFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Holders of a run with two children do at random what they can, and a slow twin keeps everybody's shares at every
/// distribution. Seeds differ by contract, so that one test is one transaction of moderate length.
abstract contract RoyaltyConservation is RoyaltyFixture {
    uint256 private constant HOLDERS = 20;
    uint256 private constant KINDS = 6;
    uint64 private constant CHILDREN = 2;
    /// @dev The twin's precision: 1e-36 of a unit.
    uint256 private constant FINE = 1e36;
    uint256 private immutable SEED;

    /// @dev Of the twin; holders count from 0, children are runs 2 and 3.
    uint256[HOLDERS] private _registered;
    uint256[HOLDERS] private _balances;
    uint256 private _minted;
    mapping(uint32 number => uint256[HOLDERS]) private _sharesAt;
    mapping(uint32 number => uint64) private _childOf;
    mapping(uint32 number => uint256) private _amountOf;
    mapping(uint32 number => mapping(uint256 one => bool)) private _isClaimed;
    mapping(uint64 child => mapping(uint256 one => uint256)) private _due;
    mapping(uint64 child => mapping(uint256 one => uint256)) private _paid;
    mapping(uint64 child => uint256) private _distributed;
    mapping(uint64 child => uint256) private _paidToAll;
    uint256[KINDS] private _done;

    constructor(uint256 seed) {
        SEED = seed;
    }

    function setUp() public {
        deployParent();
        for (uint64 i = 0; i < CHILDREN; ++i) createChild(2 + i, address(credits));
    }

    /// @dev 1,000 operations, or as many as the command says.
    function test_holdersGetTheirPartOfEachRoyalty_whateverTheyDoInBetween() public {
        uint256 operations = vm.envOr("SWARMLOCK_OPERATIONS", uint256(1_000));
        uint256 word = uint256(keccak256(abi.encode("royalties", SEED, vm.envOr("SWARMLOCK_SEED", uint256(1)))));
        for (uint256 i = 0; i < operations; ++i) {
            word = uint256(keccak256(abi.encode(word)));
            operate(word);
        }
        for (uint256 kind = 0; kind < KINDS; ++kind) require(_done[kind] > operations / 20, "hardly ever happens");
        uint32 count = credits.royaltyCount();
        require(count > operations / 20, "few royalties");
        for (uint32 number = 1; number <= count; ++number) {
            for (uint256 i = 0; i < HOLDERS; ++i) {
                require(credits.sharesAt(holder(i), number) == _sharesAt[number][i], "the past has changed");
                claim(i, number);
            }
        }
        for (uint64 i = 0; i < CHILDREN; ++i) requireConserved(2 + i);
    }

    function operate(uint256 word) private {
        uint256 kind = uint8(word) % KINDS;
        uint256 one = uint32(word >> 8) % HOLDERS;
        uint256 other = uint32(word >> 40) % HOLDERS;
        uint256 amount = uint64(word >> 72);
        ++_done[kind];
        if (kind == 0) mint(one, amount);
        else if (kind == 1) register(one, amount);
        else if (kind == 2 || kind == 3) transfer(one, other, amount);
        else if (kind == 4) distribute(uint64(2 + (amount % CHILDREN)), amount >> 8);
        else if (credits.royaltyCount() != 0) claim(one, uint32(1 + (amount % credits.royaltyCount())));
    }

    function mint(uint256 one, uint256 amount) private {
        // From dust to much.
        uint256 most = (CAP - _minted) >> (amount % 40);
        amount = most == 0 ? 0 : (amount * 1e9) % most;
        shares.mint(holder(one), amount);
        _balances[one] += amount;
        _minted += amount;
    }

    function register(uint256 one, uint256 amount) private {
        if (amount % 2 == 0) credits.register(holder(one));
        else credits.claim(holder(one));
        _registered[one] = _balances[one];
    }

    function transfer(uint256 one, uint256 other, uint256 amount) private {
        amount = amount % 3 == 0 ? _balances[one] : (amount * 1e9) % (_balances[one] + 1);
        transferBy(one, other, amount);
        if (one == other) return;
        _balances[one] -= amount;
        _balances[other] += amount;
        _registered[one] = _balances[one];
        _registered[other] = _balances[other];
    }

    /// @dev What came by a spend, or was given; sometimes it was claimed for the pool before.
    function distribute(uint64 child, uint256 amount) private {
        uint256 weight = 0;
        for (uint256 i = 0; i < HOLDERS; ++i) weight += _registered[i];
        if (weight == 0) return;
        ICredits token = childCredits(child);
        if (amount % 3 == 0) token.claim(address(credits));
        if (amount % 2 == 0) give(child, 1 + (amount % 7));
        else spendOfChild(child, uint64(1_000 + (amount % 1e6)));
        uint256 undistributed = token.balanceOf(address(credits)) + _paidToAll[child] - _distributed[child];
        amount = undistributed + token.claimableDown(address(credits));
        uint32 number = credits.distribute(child);
        require(credits.royaltyOf(number).amount == amount, "another amount");
        require(credits.royaltyOf(number).shares == weight, "for other shares");
        _sharesAt[number] = _registered;
        _childOf[number] = child;
        _amountOf[number] = amount;
        _distributed[child] += amount;
    }

    function claim(uint256 one, uint32 number) private {
        if (_isClaimed[number][one]) return;
        _isClaimed[number][one] = true;
        uint64 child = _childOf[number];
        uint256 before = childCredits(child).balanceOf(holder(one));
        claimRoyalty(one, number);
        uint256 got = childCredits(child).balanceOf(holder(one)) - before;
        _paid[child][one] += got;
        _paidToAll[child] += got;
        _due[child][one] += (_amountOf[number] * FINE * _sharesAt[number][one]) / credits.royaltyOf(number).shares;
        (uint256 paid, uint256 due) = (_paid[child][one] * FINE, _due[child][one]);
        // What is due is rounded, too.
        require(paid <= due + 1e6, "more than its part");
        require(paid + FINE + 1e15 >= due, "a unit less than its part");
    }

    function requireConserved(uint64 child) private view {
        ICredits token = childCredits(child);
        uint256 sum = token.balanceOf(holder(TRAINER)) + token.balanceOf(address(credits));
        for (uint256 i = 0; i < HOLDERS; ++i) sum += token.balanceOf(holder(i));
        require(sum == token.totalSupply() && sum + token.pooled() == SUPPLY, "credits are not conserved");
        require(token.balanceOf(address(credits)) == _distributed[child] - _paidToAll[child], "the pool has others");
        require(_distributed[child] - _paidToAll[child] <= HOLDERS, "a unit or more for each holder is left");
    }
}

contract RoyaltyConservationOfSeed1 is RoyaltyConservation(1) {}

contract RoyaltyConservationOfSeed2 is RoyaltyConservation(2) {}
