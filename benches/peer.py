"""A month of trade in numpy, as a user of Python would write it: arrays by customer and chip, no loop over customers.

`python3 peer.py FILE` reads the market of one month as JSON (`benches/cases/peer.rs` writes it), trades, and prints the
shortest time of a month in seconds and the packages bought of every chip. Country caps are left out: the month has none.
"""

import json
import sys
import time

import numpy as np

POOLS = 6
TARGET_POOLS = (3, 5)


def part_of(have, need):
    """The part of a need that can be met; all of none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(need > 0.0, np.clip(have / need, 0.0, 1.0), 1.0)


class Month:
    def __init__(self, m):
        for name, value in m.items():
            setattr(self, name, np.array(value) if isinstance(value, list) else value)
        rules = m["rules"]
        self.r = rules
        self.makers = len(m["capacity"])
        self.of_maker = (np.arange(self.makers)[:, None] == self.maker_of[None, :]).astype(float)
        self.first_chip = np.searchsorted(self.maker_of, np.unique(self.maker_of))
        self.sellers = np.unique(self.maker_of)

    def trade(self):
        r, here = self.r, self.market_of
        # Money.
        lapsed = r["wallet_decay_per_month"] * self.wallet_usd
        repaid = np.minimum(r["advance_repay_per_month"] * self.advance_usd, self.budget_usd)
        new = self.budget_usd + self.pulled_usd
        money = np.maximum(self.wallet_usd + new - repaid - lapsed, 0.0)
        new_part = np.where(money > 0.0, np.minimum(new / np.where(money > 0.0, money, 1.0), 1.0), 0.0)
        # Terms by customer and chip.
        open_, licensed, levy = self.open[here], self.licensed[here], self.levy_share[here]
        owned = self.owner_of[:, None] == self.maker_of[None, :]
        offered = (open_ > 0.0) & np.where(self.owner_of[:, None] >= 0, owned, ~self.captive[None, :])
        offered &= ~self.broker[:, None] | (self.open[self.target] < 0.5)[None, :]
        offered &= ~self.steered[:, None] | self.target_made[None, :]
        free = np.where(offered & ~licensed, open_, 0.0)
        passed_on = r["levy_pass_through"] * levy / np.maximum(1.0 - levy, 1e-9)
        paid = self.price_usd * (1.0 + passed_on) + r["host_cost_usd"]
        dearer = ((self.price_usd + r["host_cost_usd"]) / paid) ** r["choice_slope"]
        weight = np.where(offered, dearer, 0.0)
        spent = money[:, None] * self.shares(weight)
        closed = (spent * (1.0 - open_)).sum(axis=1)
        orders = spent / paid * open_
        self.apply_for_licences(orders, here)
        # Withheld money goes to what is free.
        rest = money - (orders * paid).sum(axis=1)
        rest = np.where((rest > 1e-6 * money) & ~self.broker, rest, 0.0)
        closed = np.minimum(closed, rest)
        for usd, least in ((rest - closed, 1e-300), (closed, 1.0)):
            usd = np.where(usd > 1e-6 * money, usd, 0.0)
            if usd.any():
                orders += usd[:, None] * self.shares(np.where(free >= least, weight, 0.0)) * free / paid
        # Quotas.
        ordered = orders.sum(axis=0)
        asked = self.of_maker @ (ordered * self.size)
        pool_asked = ordered @ self.uses
        self.set_quotas(ordered, asked)
        # Two rounds, and once more.
        first = np.clip(r["relationship_share_target"], 0.0, 1.0)
        new_orders = np.where((here == self.target)[:, None], orders * first * new_part[:, None], 0.0).sum(axis=0)
        claims = self.of_maker @ (new_orders * self.size)
        room = r["customary_share_target"] * self.capacity
        limit = np.where(claims > room, room / np.where(claims > 0.0, claims, 1.0), 1.0)
        at_once = np.where((here == self.target)[:, None], first * new_part[:, None] * limit[self.maker_of], 0.0)
        at_once = np.where(self.broker[:, None], 1.0, at_once)
        bought = np.zeros_like(orders)
        for part in (orders * at_once, orders * (1.0 - at_once)):
            bought += part * self.fill(part.sum(axis=0))
        unmet = (np.maximum(orders - bought, 0.0) * paid).sum(axis=1)
        unmet = np.where(unmet > 1e-9 * money, unmet, 0.0)
        made = self.maker_left[self.maker_of] > 1e-9 * asked[self.maker_of]
        made &= ((self.uses == 0.0) | (self.pool_left > 1e-9 * pool_asked)).all(axis=1)
        part = unmet[:, None] * self.shares(weight * made) * free / paid
        bought += part * self.fill(part.sum(axis=0))
        return bought

    def shares(self, weight):
        """A nested logit over chips, makers as nests, for every customer."""
        whole = self.whole[self.wallet] * weight
        in_nest = self.in_nest[self.wallet] * weight ** (1.0 / self.r["choice_nest"])
        best = np.maximum.reduceat(whole, self.first_chip, axis=1)
        sums = np.add.reduceat(in_nest, self.first_chip, axis=1)
        maker = np.where(sums > 0.0, best * self.stack[self.market_of][:, self.sellers], 0.0)
        total = maker.sum(axis=1, keepdims=True)
        part = np.divide(maker, sums * total, out=np.zeros_like(maker), where=maker > 0.0)
        return in_nest * part[:, np.searchsorted(self.sellers, self.maker_of)]

    def apply_for_licences(self, orders, here):
        r = self.r
        markets = len(self.open)
        wanted = np.zeros_like(self.open)
        np.add.at(wanted, here, orders)
        target = np.arange(markets)[:, None] == self.target
        days = np.where(target, r["licence_days_target"], r["licence_days_elsewhere"])
        by_case = np.where(self.case_by_case, r["approval_case_by_case_target"], r["approval_notify_target"])
        approval = np.where(target, by_case, r["approval_elsewhere"])
        applied = np.maximum(wanted - self.pending - self.authorised, 0.0)
        decided = (self.pending + applied) * (1.0 - np.exp(-30.4 / np.maximum(days, 1.0)))
        authorised = self.authorised + decided * approval
        short = self.licensed & (wanted > authorised)
        allowed = np.where(short, authorised / np.where(wanted > 0.0, wanted, 1.0), 1.0)
        orders *= allowed[here]

    def set_quotas(self, ordered, asked):
        r = self.r
        able = np.where(asked > self.capacity, self.capacity / np.where(asked > 0.0, asked, 1.0), 1.0)
        earned = np.maximum(self.price_usd - self.unit_cost_usd, 0.0)
        earned = earned * np.where(self.captive_maker[self.maker_of], r["captive_claim"], 1.0)
        bids = self.of_maker @ ((ordered * able[self.maker_of] * earned)[:, None] * (self.uses > 0.0))
        sums = bids.sum(axis=0)
        bid = np.divide(bids, sums, out=np.zeros_like(bids), where=sums > 0.0)
        inertia = r["quota_inertia"]
        share = np.where(self.quota_share == 0.0, bid, inertia * self.quota_share + (1.0 - inertia) * bid)
        share = share / np.maximum(share.sum(axis=0), 1.0)
        left = share * self.pools
        for pool in TARGET_POOLS if self.first_claimant >= 0 else ():
            least = r["home_priority_share"] * self.pools[pool]
            if left[self.first_claimant, pool] < least:
                others = left[:, pool].sum() - left[self.first_claimant, pool]
                left[:, pool] *= part_of(self.pools[pool] - least, others)
                left[self.first_claimant, pool] = least
        self.quota_left, self.pool_left, self.maker_left = left, self.pools.copy(), self.capacity.copy()

    def fill(self, asked):
        """The part of each chip's orders that is filled: the least of its maker's capacity and its pools."""
        able = part_of(self.maker_left, self.of_maker @ (asked * self.size))
        need = (self.of_maker @ (asked[:, None] * self.uses)) * able[:, None]
        given = np.minimum(need, self.quota_left)
        drawn = given.sum(axis=0)
        kept = part_of(self.pool_left, drawn)
        given, unclaimed = given * kept, self.pool_left - kept * drawn
        unmet = (need - given).sum(axis=0)
        lent = np.where(unmet > 0.0, np.minimum(np.maximum(unclaimed, 0.0) / np.where(unmet > 0.0, unmet, 1.0), 1.0), 0.0)
        part = part_of(given + (need - given) * lent, need)[self.maker_of]
        fill = np.where(self.uses > 0.0, part, 1.0).min(axis=1) * able[self.maker_of]
        made = asked * fill
        self.maker_left = np.maximum(self.maker_left - self.of_maker @ (made * self.size), 0.0)
        self.pool_left = np.maximum(self.pool_left - made @ self.uses, 0.0)
        self.quota_left = np.maximum(self.quota_left - self.of_maker @ (made[:, None] * self.uses), 0.0)
        return fill


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        month = Month(json.load(file))
    bought = month.trade().sum(axis=0)
    times = []
    for _ in range(200):
        begun = time.process_time()
        month.trade()
        times.append(time.process_time() - begun)
    print(min(times), *bought.tolist())


if __name__ == "__main__":
    main()
