// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {ICredits} from "../credit/ICredits.sol";
import {ICreditsFactory} from "../credit/ICreditsFactory.sol";
import {Instant, now_} from "../types/Time.sol";
import {IShareToken} from "./IShareToken.sol";

/// @title ShareToken
/// @notice The manual is {IShareToken}.
contract ShareToken is IShareToken, ERC20, ERC20Permit, ERC20Votes {
    /// @inheritdoc IShareToken
    address public immutable ownership;

    /// @inheritdoc IShareToken
    uint256 public immutable cap;

    /// @inheritdoc IShareToken
    uint32 public immutable ownersShare;

    /// @inheritdoc IShareToken
    address public immutable credits;

    constructor(
        string memory name_,
        string memory symbol_,
        uint256 cap_,
        uint32 ownersShare_,
        address ownership_,
        address creditsFactory
    ) ERC20(name_, symbol_) ERC20Permit(name_) {
        ownership = ownership_;
        cap = cap_;
        ownersShare = ownersShare_;
        credits = ICreditsFactory(creditsFactory).creditsOf(address(this));
        // The first checkpoint of the supply, so that nobody's first claim pays for it.
        _mint(ownership_, 0);
    }

    /// @inheritdoc IShareToken
    function mint(address to, uint256 amount) external {
        require(msg.sender == ownership, NotOwnership(msg.sender, ownership));
        // INVARIANT: there are never more shares than the run promised.
        uint256 supply = totalSupply() + amount;
        require(supply <= cap, CapExceeded(supply, cap));

        _mint(to, amount);
    }

    /// @dev Votes are counted in time, so that they mean the same on every chain.
    function clock() public view override returns (uint48) {
        return Instant.unwrap(now_());
    }

    /// @dev ERC-6372; the name is the standard's.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
        // What is minted is registered later: a claim of shares pays for nothing more.
        if (from == address(0) || from == to || credits.code.length == 0) return;
        ICredits(credits).onShareTransfer(from, to, value);
    }
}
