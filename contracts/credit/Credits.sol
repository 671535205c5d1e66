// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IShareToken} from "../own/IShareToken.sol";
import {ICredits} from "./ICredits.sol";
import {Holding, UNIT} from "./OwnersPart.sol";
import {Royalties} from "./Royalties.sol";
import {WHOLE} from "./Whole.sol";

/// @title Credits
/// @notice The manual is {ICredits}.
contract Credits is ERC20, ERC20Permit, Royalties, ICredits {
    bytes32 private constant CLAIM = keccak256("Claim(address holder,address to,uint256 nonce,uint256 deadline)");

    /// @inheritdoc ICredits
    mapping(address server => uint64) public servedOf;

    /// @inheritdoc ICredits
    uint64 public immutable supply;

    /// @inheritdoc ICredits
    uint32 public immutable ownersShare;

    /// @dev S of the share token.
    uint96 private immutable _cap;

    constructor(
        address shares_,
        uint64 supply_
    )
        ERC20(
            string.concat(IERC20Metadata(shares_).name(), " Credits"),
            string.concat("c", IERC20Metadata(shares_).symbol())
        )
        ERC20Permit(string.concat(IERC20Metadata(shares_).name(), " Credits"))
        Royalties(shares_)
    {
        supply = supply_;
        ownersShare = IShareToken(shares_).ownersShare();
        _cap = SafeCast.toUint96(IShareToken(shares_).cap());
    }

    /// @inheritdoc ICredits
    function spend(uint64 amount, address server) external returns (uint64 toServer) {
        // INVARIANT: credits are spent only when shares earn, since those brought them.
        require(amount != 0, ZeroSpend());

        _burn(msg.sender, amount);
        toServer = _serversPartDown(amount);
        _owners.distribute(amount - toServer);
        if (toServer != 0) servedOf[server] += toServer;

        emit CreditsSpent(msg.sender, server, amount, toServer);
    }

    /// @inheritdoc ICredits
    function register(address holder) external {
        _register(holder, IERC20(shares).balanceOf(holder));
    }

    /// @inheritdoc ICredits
    function claim(address holder) external returns (uint64) {
        return _claim(holder, holder);
    }

    /// @inheritdoc ICredits
    function claimTo(address holder, address to, uint256 deadline, bytes calldata signature) external returns (uint64) {
        require(block.timestamp <= deadline, ClaimExpired(deadline));
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(CLAIM, holder, to, _useNonce(holder), deadline)));
        // INVARIANT: nobody but the holder chooses where its credits go.
        require(SignatureChecker.isValidSignatureNowCalldata(holder, digest, signature), InvalidClaim(holder));

        return _claim(holder, to);
    }

    /// @inheritdoc ICredits
    function withdrawServed(address to, uint64 amount) external {
        uint64 served = servedOf[msg.sender];
        // INVARIANT: nobody withdraws more than it has served for.
        require(served >= amount, InsufficientServed(msg.sender, served, amount));

        servedOf[msg.sender] = served - amount;
        _mint(to, amount);

        emit ServedWithdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc ICredits
    function onShareTransfer(address from, address to, uint256 amount) external {
        // INVARIANT: nobody but the share token says whose shares are whose.
        require(msg.sender == shares, NotShares(msg.sender, shares));
        // As before the transfer: what is more than registered was minted.
        _register(from, IERC20(shares).balanceOf(from) + amount);
        _register(to, IERC20(shares).balanceOf(to) - amount);
        _keepShares(from);
        _keepShares(to);
        _holdings[from].moveTo(_holdings[to], uint96(amount));
    }

    /// @inheritdoc ICredits
    function claimableDown(address holder) external view returns (uint64) {
        Holding storage holding = _holdings[holder];
        uint256 added = IERC20(shares).balanceOf(holder) - holding.shares;
        return uint64((_owners.earnedDown(holding) + _firstCredits(added)) / UNIT);
    }

    /// @inheritdoc ICredits
    function pooled() external view returns (uint256) {
        return supply - totalSupply();
    }

    /// @inheritdoc ICredits
    function ownersPart() external view returns (uint160, uint96, uint96) {
        return (_owners.perShare, _owners.remainder, _owners.shares);
    }

    /// @inheritdoc ICredits
    function holdingOf(address holder) external view returns (uint160, uint96, uint256) {
        Holding storage holding = _holdings[holder];
        return (holding.settledAt, holding.shares, holding.earned);
    }

    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _claim(address holder, address to) private returns (uint64 amount) {
        _register(holder, IERC20(shares).balanceOf(holder));
        Holding storage holding = _holdings[holder];
        uint256 earned = holding.earned;
        amount = uint64(earned / UNIT);
        if (amount == 0) return 0;

        holding.earned = earned - amount * UNIT;
        _mint(to, amount);

        emit CreditsClaimed(holder, to, amount);
    }

    function _serversPartDown(uint64 amount) private view returns (uint64) {
        return uint64((uint256(amount) * (WHOLE - ownersShare)) / WHOLE);
    }

    /// @dev Settles a holder at the shares that it has had until now, then lets the others of `balance` earn.
    function _register(address holder, uint256 balance) private {
        Holding storage holding = _holdings[holder];
        _owners.settleDown(holding);
        uint96 added = uint96(balance - holding.shares);
        if (added == 0) return;

        _keepShares(holder);
        holding.earned += _firstCredits(added);
        _owners.register(holding, added);

        emit SharesRegistered(holder, added);
    }

    /// @dev What the next shares to be registered bring, in `UNIT`s: the sum over all is the supply, however they come.
    function _firstCredits(uint256 added) private view returns (uint256) {
        uint256 registered = _owners.shares;
        uint256 whole = uint256(supply) * UNIT;
        return (whole * (registered + added)) / _cap - (whole * registered) / _cap;
    }
}
