// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IOwnership} from "../own/IOwnership.sol";
import {IShareToken} from "../own/IShareToken.sol";
import {ICredits} from "./ICredits.sol";
import {IRoyalties} from "./IRoyalties.sol";
import {Holding, OwnersPart, UNIT} from "./OwnersPart.sol";

/// @title Royalties
/// @notice The manual is {IRoyalties}.
abstract contract Royalties is IRoyalties {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    /// @dev What a holder had when so many royalties had been distributed, before it changed.
    struct Kept {
        uint32 count;
        uint96 shares;
    }

    OwnersPart internal _owners;

    mapping(address holder => Holding) internal _holdings;

    mapping(uint32 number => Royalty) private _royalties;

    /// @dev Each with a greater count than the one before. Not OpenZeppelin's checkpoints: their assembly keeps the compiler from
    /// optimising the whole contract, and a spend would cost more than it may.
    mapping(address holder => Kept[]) private _past;

    mapping(address holder => BitMaps.BitMap) private _claimed;

    /// @dev Less than a unit, in `UNIT`s.
    mapping(address holder => mapping(address credits => uint256)) private _fractions;

    /// @dev Distributed, and not paid.
    mapping(address credits => uint64) private _owed;

    /// @inheritdoc IRoyalties
    address public immutable shares;

    constructor(address shares_) {
        shares = shares_;
    }

    /// @inheritdoc IRoyalties
    function distribute(uint64 runId) external returns (uint32 number) {
        address shareToken = IOwnership(IShareToken(shares).ownership()).shareTokenOf(runId);
        // INVARIANT: nothing is distributed but credits of runs of the same deployment: no code of others' is called.
        require(shareToken != address(0), UnknownRun(runId));
        address credits = IShareToken(shareToken).credits();
        ICredits(credits).claim(address(this));
        uint64 owed = _owed[credits];
        uint64 amount = uint64(IERC20(credits).balanceOf(address(this)) - owed);
        // INVARIANT: a royalty is something, of which every unit is somebody's.
        require(amount != 0, NothingReceived(runId));
        uint96 earning = _owners.shares;
        require(earning != 0, NoSharesEarn());

        number = ++_owners.royalties;
        _royalties[number] = Royalty(credits, amount, earning);
        _owed[credits] = owed + amount;

        emit RoyaltyDistributed(number, runId, credits, amount, earning);
    }

    /// @inheritdoc IRoyalties
    function claimRoyalties(address holder, uint32[] calldata numbers) external {
        for (uint256 i = 0; i < numbers.length; ++i) {
            uint32 number = numbers[i];
            // INVARIANT: nobody is paid for what was never distributed, nor twice.
            require(number != 0 && number <= _owners.royalties, UnknownRoyalty(number, _owners.royalties));
            require(!_claimed[holder].get(number), RoyaltyClaimed(holder, number));

            _claimed[holder].set(number);
            address credits = _royalties[number].credits;
            uint256 earned = _earnedDown(holder, number);
            uint64 amount = uint64(earned / UNIT);
            _fractions[holder][credits] = earned % UNIT;
            _owed[credits] -= amount;

            emit RoyaltyPaid(holder, number, credits, amount);

            if (amount != 0) IERC20(credits).safeTransfer(holder, amount);
        }
    }

    /// @inheritdoc IRoyalties
    function royaltyCount() external view returns (uint32) {
        return _owners.royalties;
    }

    /// @inheritdoc IRoyalties
    function royaltyOf(uint32 number) external view returns (Royalty memory) {
        return _royalties[number];
    }

    /// @inheritdoc IRoyalties
    function claimableRoyaltyDown(address holder, uint32 number) external view returns (uint64) {
        if (_royalties[number].shares == 0 || _claimed[holder].get(number)) return 0;
        return uint64(_earnedDown(holder, number) / UNIT);
    }

    /// @inheritdoc IRoyalties
    function sharesAt(address holder, uint32 number) public view returns (uint96) {
        Kept[] storage past = _past[holder];
        // The first that was kept after the royalty.
        (uint256 first, uint256 end) = (0, past.length);
        while (first < end) {
            uint256 middle = (first + end) / 2;
            if (past[middle].count < number) first = middle + 1;
            else end = middle;
        }
        return first < past.length ? past[first].shares : _holdings[holder].shares;
    }

    /// @dev Before a holder's shares change.
    function _keepShares(address holder) internal {
        uint32 count = _owners.royalties;
        if (count == 0) return;
        Kept[] storage past = _past[holder];
        bool isKept = past.length != 0 && past[past.length - 1].count == count;
        if (!isKept) past.push(Kept(count, _holdings[holder].shares));
    }

    /// @dev A holder's part of a royalty, and what it has left of others, in `UNIT`s.
    function _earnedDown(address holder, uint32 number) private view returns (uint256) {
        Royalty memory royalty = _royalties[number];
        uint256 part = (royalty.amount * UNIT * sharesAt(holder, number)) / royalty.shares;
        return part + _fractions[holder][royalty.credits];
    }
}
